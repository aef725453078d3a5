/** What every built-in component must bring along. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { catalogue } from "../src/catalogue.ts";
import { NETWORKS, presetFile, SINKS } from "../src/cli/pipeline/init-presets.ts";
import { eventTypeByName, eventTypeNames } from "../src/events/registry.ts";
import { configFields } from "../src/spec/config-fields.ts";
import { ANY_EVENT, type ComponentDeclaration } from "../src/spec/declaration.ts";
import { formatDiagnostic } from "../src/spec/diagnostic.ts";
import { loadPipeline } from "../src/spec/load.ts";
import { ROOT } from "./support/flowctl.ts";

/** What the loader finds wrong with a file's text; variables may be unset. */
function problems(text: string, file = "pipeline.yaml"): string[] {
  const { diagnostics } = loadPipeline({
    file,
    text,
    declarations: catalogue,
    eventTypes: eventTypeNames,
    env: {},
    mode: "validate",
  });
  return diagnostics.filter(({ severity }) => severity === "error").map(formatDiagnostic);
}

/** The component's example in a pipeline that gives it what it reads, and something to feed. */
function exampleFile(component: ComponentDeclaration): string {
  const lines = component.example.trim().split("\n");
  const item = lines.map((line, index) => `${index === 0 ? "    - " : "      "}${line}`).join("\n");
  const id = /^id: *(\S+)/m.exec(component.example)?.[1] ?? component.name;
  const inputs = /^inputs: *\[([^\]]*)\]/m.exec(component.example)?.[1]?.split(/, */) ?? [];
  const sandbox = (name: string): string => `    - { id: ${name}, type: sandbox }`;
  const section = (name: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [`  ${name}:`, ...items];
  const feeds = feedsOf(component, inputs);
  return [
    "apiVersion: flowctl/v1",
    "kind: Pipeline",
    "metadata: { name: example }",
    "spec:",
    ...section("sources", [
      ...(component.role === "source" ? [item] : [sandbox("the-network")]),
      ...feeds.ledgers.map(sandbox),
    ]),
    ...section("processors", [
      ...feeds.processors,
      ...(component.role === "processor" ? [item] : []),
    ]),
    ...section("sinks", [
      component.role === "sink" ? item : `    - { id: the-end, type: stdout, inputs: [${id}] }`,
      ...(component.role === "source"
        ? []
        : ["    - { id: rest, type: stdout, inputs: [the-network] }"]),
    ]),
  ].join("\n");
}

/** What stands before a component: ledgers, or a processor that emits what it accepts. */
function feedsOf(component: ComponentDeclaration, inputs: readonly string[]) {
  const takesLedgers = component.accepts.includes("stellar.ledger.v1");
  const maker = catalogue.find(({ role, emits }) =>
    role === "processor" &&
    (component.accepts.includes(ANY_EVENT)
      ? emits.every((name) => name !== ANY_EVENT)
      : emits.some((name) => component.accepts.includes(name)))
  );
  if (takesLedgers) return { ledgers: inputs, processors: [] };
  const processors = inputs.map((id) =>
    `    - { id: ${id}, type: ${maker?.name ?? "token-transfer"}, inputs: [the-network] }`
  );
  return { ledgers: [], processors };
}

for (const component of catalogue) {
  test(`${component.role} ${component.name}: its example is a valid component`, () => {
    assert.match(component.example, new RegExp(`^type: ${component.name}$`, "m"));
    assert.deepEqual(problems(exampleFile(component)), [], exampleFile(component));
  });

  test(`${component.role} ${component.name} has a schema whose every field is documented`, () => {
    assert.ok(existsSync(join(ROOT, `schemas/components/${component.name}.cue`)));
    for (const field of configFields(component.configJsonSchema)) {
      assert.notEqual(field.doc, "", `${component.name}.${field.key}`);
    }
    for (const key of component.neededToRun ?? []) {
      const known = configFields(component.configJsonSchema).some((field) => field.key === key);
      assert.ok(known, `neededToRun names ${key}, which is no config key`);
    }
  });

  test(`${component.role} ${component.name} has tests that name it`, () => {
    const tests = [...testsIn("src"), ...testsIn("tests")]
      .filter((path) => basename(path) !== "catalogue.test.ts");
    const named = tests.some((path) =>
      path.includes(component.name) || readFileSync(path, "utf8").includes(`"${component.name}"`)
    );
    assert.ok(named, "no test file is called after it or names it");
  });
}

test("names and aliases are unique, and event types are those of the registry", () => {
  const names = catalogue.flatMap((component) => [
    ...new Set(
      [component.name, ...component.aliases].map((name) =>
        `${component.role} ${name.toLowerCase()}`
      ),
    ),
  ]);
  assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
  for (const component of catalogue) {
    for (const name of [...component.accepts, ...component.emits]) {
      assert.ok(
        name === ANY_EVENT || eventTypeByName(name)?.name === name,
        `${component.name}: ${name}`,
      );
    }
  }
});

test("every file in configs/pipelines is valid", () => {
  const folder = join(ROOT, "configs/pipelines");
  for (const name of readdirSync(folder)) {
    assert.deepEqual(problems(readFileSync(join(folder, name), "utf8"), name), []);
  }
});

test("everything that init writes is valid", () => {
  for (const network of Object.keys(NETWORKS) as (keyof typeof NETWORKS)[]) {
    for (const sink of Object.keys(SINKS) as (keyof typeof SINKS)[]) {
      assert.deepEqual(
        problems(presetFile({ name: "p", network, sink })),
        [],
        `${network} ${sink}`,
      );
    }
  }
});

function testsIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(ROOT, folder, name));
}
