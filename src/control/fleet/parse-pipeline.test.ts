import assert from "node:assert/strict";
import test from "node:test";
import { parsePipeline } from "./parse-pipeline.ts";

const pipeline = `apiVersion: flowctl/v1
kind: Pipeline
metadata: { name: every }
spec:
  sources:
    - { id: net, type: sandbox }
  processors:
    - { id: transfers, type: token-transfer, inputs: [net] }
    - { id: seen, type: assets, inputs: [net] }
    - { id: some, type: hubble, inputs: [net], config: { tables: [trades] } }
    - { id: all, type: hubble, inputs: [net] }
  sinks:
    - { id: rows, type: jsonl, inputs: [transfers], config: { path: rows.jsonl } }
    - { id: file, type: sqlite, inputs: [transfers], config: { path: rows.db } }
    - { id: table, type: postgres, inputs: [transfers], config: { url: "\${PG_URL}" } }
    - { id: calls, type: webhook, inputs: [transfers], config: { url: "http://localhost/" } }
`;

test("what lies on the agent of a component is told, and nothing where another can go on", () => {
  const { components } = parsePipeline(pipeline);
  assert.deepEqual(Object.fromEntries(components.map(({ id, keeps }) => [id, keeps])), {
    net: "",
    transfers: "",
    seen: "the assets that it has seen",
    some: "",
    all: "the assets that it has seen",
    rows: "its files and positions",
    file: "its database file",
    table: "",
    calls: "its positions",
  });
});
