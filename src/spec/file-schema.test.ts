import assert from "node:assert/strict";
import test from "node:test";
import { configJsonSchema, fileJsonSchema } from "./file-schema.ts";
import { isMapping } from "./structures.ts";
import { testDeclarations } from "./testing.ts";

const schema = fileJsonSchema(testDeclarations);

function* mappingsIn(value: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(value)) { for (const item of value) yield* mappingsIn(item); }
  else if (isMapping(value)) {
    yield value;
    for (const item of Object.values(value)) yield* mappingsIn(item);
  }
}

function at(path: string): unknown {
  return path.split("/").slice(1).reduce<unknown>(
    (value, key) => isMapping(value) ? value[key] : undefined,
    schema,
  );
}

test("every reference leads somewhere", () => {
  const references = [...mappingsIn(schema)].map((each) => each["$ref"])
    .filter((reference) => typeof reference === "string");
  assert.ok(references.length > 10);
  assert.deepEqual(references.filter((reference) => at(reference.slice(1)) === undefined), []);
});

/** The component schemas' conditions on `type`, by section. */
function conditionsOf(section: string): { types: unknown; config: unknown }[] {
  const { items } = at(`/$defs/Spec/properties/${section}`) as { items: { $ref: string } };
  const { allOf } = at(items.$ref.slice(1)) as { allOf: (Condition | { if?: undefined })[] };
  return allOf.filter((each) => each.if !== undefined).map((each) => ({
    types: each.if.properties.type.enum,
    config: each.then.properties.config.$ref,
  }));
}

interface Condition {
  readonly if: { readonly properties: { readonly type: { readonly enum: readonly string[] } } };
  readonly then: { readonly properties: { readonly config: { readonly $ref: string } } };
}

test("each section checks the configs of its own components, under all their names", () => {
  assert.deepEqual(conditionsOf("sources"), [{
    types: ["lake", "BufferedStorageSourceAdapter", "lake-source"],
    config: "#/$defs/config.lake",
  }]);
  assert.deepEqual(conditionsOf("sinks").map(({ config }) => config), ["#/$defs/config.database"]);
  // Older files have sinks among their processors.
  assert.deepEqual(conditionsOf("processors").map(({ config }) => config), [
    "#/$defs/config.transfers",
    "#/$defs/config.filter",
    "#/$defs/config.after-transfers",
    "#/$defs/config.database",
  ]);
  assert.deepEqual(conditionsOf("consumers"), conditionsOf("sinks"));
});

test("older config keys are allowed, and marked as such", () => {
  const lake = at("/$defs/config.lake") as { properties: Record<string, { deprecated?: boolean }> };
  assert.equal(lake.properties["num_workers"]?.deprecated, true);
  assert.equal(lake.properties["workers"]?.deprecated, undefined);
});

test("the schema of one component is its config", () => {
  const [lake] = testDeclarations;
  assert.ok(lake);
  assert.equal(configJsonSchema(lake)["title"], "flowctl lake config");
});

test("making the schema leaves the generated one as it is", () => {
  assert.deepEqual(fileJsonSchema(testDeclarations), schema);
  assert.notDeepEqual(fileJsonSchema([]), schema);
});
