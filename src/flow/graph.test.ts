import assert from "node:assert/strict";
import { test } from "node:test";
import { component, pipelineOf } from "../../tests/support/flow.ts";
import { buildGraph, downstreamOf, upstreamOf } from "./graph.ts";

const diamond = pipelineOf([
  component("source", "s"),
  component("source", "t"),
  // Named before what it reads.
  component("processor", "join", ["right", "left"]),
  component("processor", "left", ["s"]),
  component("processor", "right", ["s", "t"]),
  component("sink", "out", ["join"]),
  component("sink", "raw", ["t"]),
]);

const ids = (nodes: readonly { spec: { id: string } }[]) => nodes.map(({ spec }) => spec.id);

test("every node stands after what it reads and knows the sources that reach it", () => {
  const graph = buildGraph(diamond);
  const order = ids(graph.nodes);
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      assert.ok(order.indexOf(input.spec.id) < order.indexOf(node.spec.id));
    }
  }
  assert.deepEqual(graph.node("out").sources, ["s", "t"]);
  assert.deepEqual(graph.node("left").sources, ["s"]);
  assert.deepEqual(graph.node("raw").sources, ["t"]);
  assert.deepEqual(ids(graph.node("join").inputs), ["right", "left"]);
});

test("upstream and downstream include the node itself", () => {
  const graph = buildGraph(diamond);
  assert.deepEqual(new Set(ids(downstreamOf(graph, "left"))), new Set(["left", "join", "out"]));
  assert.deepEqual(new Set(ids(upstreamOf(graph, "raw"))), new Set(["raw", "t"]));
  assert.equal(upstreamOf(graph, "out").length, 6);
});

test("what no spec loader has checked is checked here", () => {
  const wrong = (...components: Parameters<typeof component>[]) => () =>
    buildGraph(pipelineOf(components.map((each) => component(...each))));
  const invalid = (message: RegExp) => ({ code: "spec/invalid", message });
  assert.throws(wrong(["source", "s"], ["sink", "s", ["s"]]), invalid(/two components/));
  assert.throws(wrong(["source", "s"], ["sink", "k", ["x"]]), invalid(/does not exist/));
  assert.throws(wrong(["source", "s"], ["sink", "k"]), invalid(/has no inputs/));
  assert.throws(wrong(["source", "s", ["s"]]), invalid(/cannot have inputs/));
  assert.throws(
    wrong(["source", "s"], ["sink", "k", ["s"]], ["sink", "l", ["k"]]),
    invalid(/k, a sink/),
  );
  assert.throws(
    wrong(["source", "s"], ["processor", "a", ["s", "b"]], ["processor", "b", ["a"]]),
    invalid(/circle: a, b/),
  );
});
