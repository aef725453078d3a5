import assert from "node:assert/strict";
import test from "node:test";
import { component, pipelineOf } from "../../tests/support/flow.ts";
import { createCommitNotice } from "./commit-notice.ts";
import type { Positions, Processor, Source } from "./component.ts";
import { buildGraph } from "./graph.ts";

const graph = buildGraph(pipelineOf([
  component("source", "a"),
  component("source", "b"),
  component("processor", "sum", ["a"]),
  component("sink", "out", ["sum", "b"]),
]));

function noticed(
  floor: Positions,
  snapshots: readonly Positions[] | undefined,
): [string, number][] {
  const told: [string, number][] = [];
  const source = (id: string): [string, Source] => [id, {
    read: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: true, value: undefined }),
      }),
    }),
    bounds: () => Promise.resolve({ from: undefined, to: undefined }),
    committed: (sequence) => void told.push([id, sequence]),
    close: () => Promise.resolve(),
  }];
  const sum: Processor = {
    process: (batch) => batch,
    ...(snapshots === undefined ? {} : { snapshot: () => null }),
  };
  createCommitNotice({
    graph,
    parts: {
      sources: new Map([source("a"), source("b")]),
      processors: new Map([["sum", sum]]),
      sinks: new Map(),
    },
    floor: () => floor,
    snapshots: () => snapshots ?? [],
  })();
  return told;
}

test("sources are told what all their sinks hold", () => {
  assert.deepEqual(noticed(new Map([["a", 7], ["b", 3]]), undefined), [["a", 7], ["b", 3]]);
});

test("a source whose sink has nothing yet is told nothing", () => {
  assert.deepEqual(noticed(new Map([["b", 3]]), undefined), [["b", 3]]);
});

test("a stateful processor holds its source back to its last usable snapshot", () => {
  const floor = new Map([["a", 7], ["b", 3]]);
  const snapshots = [new Map([["a", 2]]), new Map([["a", 5]]), new Map([["a", 9]])];
  assert.deepEqual(noticed(floor, snapshots), [["a", 5], ["b", 3]]);
});

test("without a usable snapshot a restart may go back to the beginning", () => {
  const floor = new Map([["a", 7], ["b", 3]]);
  assert.deepEqual(noticed(floor, [new Map([["a", 9]])]), [["b", 3]]);
});
