import assert from "node:assert/strict";
import test from "node:test";
import { catalogue } from "../catalogue.ts";
import { eventTypeNames } from "../events/registry.ts";
import { loadPipeline } from "./load.ts";

function problemsOf(bus: string, env = {}): string[] {
  const text = `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: test }
spec:
  config:
    bus: ${bus}
  sources:
    - { id: lake, type: galexie, config: { url: ./lake } }
  sinks:
    - { id: screen, type: stdout, inputs: [lake] }
`;
  const declarations = catalogue;
  const options = { declarations, eventTypes: eventTypeNames, env, mode: "validate" as const };
  return loadPipeline({ file: "test.yaml", text, ...options }).diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ line, path, message, hint }) => `${line} ${path}: ${message} (${hint})`);
}

test("how edges are kept is checked with the file", () => {
  assert.deepEqual(problemsOf("{ replicas: 3, max_bytes: 1GB, spool_policy: oldest }"), []);
  const cases: readonly [string, RegExp][] = [
    ["{ replicas: 9 }", /^6 spec\.config\.bus\.replicas: /],
    ["{ max_bytes: much }", /^6 spec\.config\.bus\.max_bytes: /],
    ["{ spool_policy: newest }", /^6 spec\.config\.bus\.spool_policy: .*oldest/],
    ["{ max_byte: 1GB }", /^6 spec\.config\.bus\.max_byte: .*max_byte.*\(.*max_bytes/],
    ["here", /^6 spec\.config\.bus: /],
  ];
  for (const [bus, wanted] of cases) {
    const problems = problemsOf(bus);
    assert.equal(problems.length, 1, bus);
    assert.match(problems[0] ?? "", wanted);
  }
});

test("a variable that is supplied later is nobody's fault", () => {
  assert.deepEqual(problemsOf('{ replicas: "${REPLICAS}" }'), []);
  assert.equal(problemsOf('{ replicas: "${REPLICAS}" }', { REPLICAS: "9" }).length, 1);
});
