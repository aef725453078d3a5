import assert from "node:assert/strict";
import test from "node:test";
import { catalogue } from "../src/catalogue.ts";

test("the config keys that a component names beside its schema are in its schema", () => {
  for (const { name, configJsonSchema, neededToRun, configAliases } of catalogue) {
    const properties = configJsonSchema["properties"] as Record<string, unknown>;
    const keys = [...neededToRun ?? [], ...Object.values(configAliases ?? {})];
    assert.deepEqual(keys.filter((key) => !Object.hasOwn(properties, key)), [], name);
  }
});

test("an older config key is no key of today", () => {
  for (const { name, configJsonSchema, configAliases } of catalogue) {
    const properties = configJsonSchema["properties"] as Record<string, unknown>;
    const both = Object.keys(configAliases ?? {}).filter((key) => Object.hasOwn(properties, key));
    assert.deepEqual(both, [], name);
  }
});
