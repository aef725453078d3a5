import assert from "node:assert/strict";
import test from "node:test";
import { catalogue } from "../../catalogue.ts";
import { eventTypeNames } from "../../events/registry.ts";
import { loadPipeline } from "../../spec/load.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { dotGraph, mermaidGraph, textGraph } from "./graph-formats.ts";

function diamond(): PipelineSpec {
  const spec = {
    sources: [{ id: "net", type: "sandbox" }],
    processors: [
      { id: "transfers", type: "token-transfer", inputs: ["net"] },
      { id: "events", type: "contract-events", inputs: ["net"] },
    ],
    sinks: [{
      id: "db",
      type: "sqlite",
      inputs: ["transfers", "events"],
      config: { path: "x.db", table: "{table}" },
    }],
  };
  const text = JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: 'a "name"' },
    spec,
  });
  const { pipeline } = loadPipeline({
    file: "p.yaml",
    text,
    declarations: catalogue,
    eventTypes: eventTypeNames,
    env: {},
    mode: "validate",
  });
  assert.ok(pipeline !== undefined);
  return pipeline;
}

test("as text, what several components feed is drawn once and named again", () => {
  assert.equal(
    textGraph(diamond()),
    [
      "net (sandbox)",
      "├─ transfers (token-transfer)",
      "│  └─ db (sqlite)",
      "└─ events (contract-events)",
      "   └─ db (sqlite)  (see above)",
    ].join("\n"),
  );
});

test("Mermaid and DOT have a node per component and an edge per input", () => {
  const mermaid = mermaidGraph(diamond());
  assert.equal(mermaid.match(/ --> /g)?.length, 4);
  assert.match(mermaid, /^flowchart LR\n {2}n0\(\["net<br\/>/);
  const dot = dotGraph(diamond());
  assert.equal(dot.match(/ -> /g)?.length, 4);
  assert.match(dot, /^digraph "a \\"name\\"" \{/);
  assert.match(dot, /"db" \[shape=cylinder, label="db\\nsqlite"\];/);
});
