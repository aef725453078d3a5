import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../catalogue.ts";
import { eventTypeNames } from "../../events/registry.ts";
import { loadPipeline } from "../../spec/load.ts";
import { checkConfigs } from "./check-configs.ts";

async function problemsOf(processors: string): Promise<string[]> {
  const text = `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: test }
spec:
  sources:
    - { id: lake, type: galexie, config: { url: ./lake } }
  processors:
    - { id: transfers, type: token-transfer, inputs: [lake] }
${processors}
  sinks:
    - { id: screen, type: stdout, inputs: [transfers] }
`;
  const loaded = loadPipeline({
    file: "test.yaml",
    text,
    declarations: catalogue,
    eventTypes: eventTypeNames,
    env: {},
    mode: "validate",
  });
  assert.deepEqual(loaded.diagnostics.filter(({ severity }) => severity === "error"), []);
  const checked = await checkConfigs(loaded, catalogue);
  const errors = checked.diagnostics.filter(({ severity }) => severity === "error");
  assert.equal(checked.pipeline === undefined, errors.length > 0);
  return errors.map(({ file, line, message, hint }) => `${file}:${line}: ${message} (${hint})`);
}

test("expressions are read, and their columns looked up in what comes in", async () => {
  const problems = await problemsOf(`
    - { id: first, type: filter, inputs: [transfers], config: { where: "amount > 1000" } }
    - { id: second, type: filter, inputs: [first], config: { where: "amuont > 1000" } }
    - { id: third, type: filter, inputs: [second], config: { where: "amount >" } }
    - { id: fourth, type: map, inputs: [first], config: { columns: { a: "form" } } }
    - { id: fifth, type: map, inputs: [first], config: { columns: { a: "from" } } }
    - { id: sixth, type: filter, inputs: [fifth], config: { where: "anything > 5" } }`);
  assert.deepEqual(problems.map((problem) => problem.replace(/ from ".*$/, "")), [
    "test.yaml:11: second: where, column 1: stellar.token_transfer.v1 has no column amuont " +
    "(Did you mean amount?)",
    "test.yaml:12: third: where, column 8: it makes no sense",
    "test.yaml:13: fourth: columns.a, column 1: stellar.token_transfer.v1 has no column form " +
    "(Did you mean from?)",
  ]);
});

test("a pipeline without a problem is passed on", async () => {
  assert.deepEqual(await problemsOf(""), []);
});
