/** What a component's declaration shows and promises holds when a pipeline file uses it. */

import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "yaml";
import { catalogue } from "../src/catalogue.ts";
import { eventTypeByName, eventTypes } from "../src/events/registry.ts";
import { ANY_EVENT, type ComponentDeclaration } from "../src/spec/declaration.ts";
import { formatDiagnostic } from "../src/spec/diagnostic.ts";
import { ComponentNames } from "../src/spec/identify.ts";
import { loadPipeline } from "../src/spec/load.ts";

const EVENT_TYPES = {
  canonical: (name: string) => eventTypeByName(name)?.name,
  names: eventTypes.map(({ name }) => name),
};

interface Example {
  readonly id: string;
  readonly inputs?: readonly string[];
}

/** A pipeline of the example, with programs of one's own where it reads. */
function pipelineAround({ role, example }: ComponentDeclaration): string {
  const component = parse(example) as Example;
  const inputs = (component.inputs ?? []).map((id) => ({ id, command: ["own"] }));
  const sections = {
    sources: [] as unknown[],
    processors: [] as unknown[],
    sinks: [] as unknown[],
  };
  sections[`${role}s`].push(component);
  if (role === "source") {
    sections.sinks.push({ id: "reader", command: ["own"], inputs: [component.id] });
  } else sections.sources.push(...inputs);
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: {},
    spec: sections,
  });
}

/** A value for each variable of an example. */
function environmentFor({ example }: ComponentDeclaration): Record<string, string> {
  const names = [...example.matchAll(/\$\{(\w+)/g)].map(([, name]) => name ?? "");
  return Object.fromEntries(names.map((name) => [name, `postgres://${name.toLowerCase()}`]));
}

for (const declaration of catalogue) {
  test(`the example of ${declaration.name} is a valid component that can run`, () => {
    const { diagnostics } = loadPipeline({
      file: "example.yaml",
      text: pipelineAround(declaration),
      declarations: catalogue,
      eventTypes: EVENT_TYPES,
      env: environmentFor(declaration),
      mode: "run",
    });
    assert.deepEqual(diagnostics.map(formatDiagnostic), []);
  });

  test(`${declaration.name} names event types and config keys that there are`, () => {
    for (const type of [...declaration.accepts, ...declaration.emits]) {
      assert.ok(type === ANY_EVENT || EVENT_TYPES.canonical(type) === type, type);
    }
    const properties = declaration.configJsonSchema["properties"] as Record<string, unknown>;
    const keys = [
      ...declaration.neededToRun ?? [],
      ...Object.values(declaration.configAliases ?? {}),
    ];
    assert.deepEqual(keys.filter((key) => !Object.hasOwn(properties, key)), []);
  });
}

test("no two components share a name or alias", () => {
  const names = new ComponentNames(catalogue);
  for (const declaration of catalogue) {
    for (const name of [declaration.name, ...declaration.aliases]) {
      assert.equal(names.get(name)?.name, declaration.name, name);
    }
  }
});
