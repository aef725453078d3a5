import assert from "node:assert/strict";
import { test } from "node:test";
import {
  component,
  createDisk,
  diskSink,
  numbers,
  pipelineOf,
  tagging,
} from "../../tests/support/flow.ts";
import { checkFingerprint, checkOutput, fingerprintOf } from "./fingerprint.ts";
import { buildGraph } from "./graph.ts";
import { definitionOf } from "./parts.ts";

const catalogue = [
  { ...numbers("lake"), secretKeys: ["token"], runOnlyKeys: ["mirror"] },
  tagging("a"),
  tagging("b"),
  diskSink("out", createDisk(), { transactional: true }),
];

function fingerprint(lake: object, a: object, b: object, out: object): string {
  const pipeline = pipelineOf([
    component("source", "lake", [], { config: { ...lake } }),
    component("processor", "a", ["lake"], { config: { ...a } }),
    component("processor", "b", ["lake"], { config: { ...b } }),
    component("sink", "out", ["a"], { config: { ...out } }),
  ]);
  return fingerprintOf(buildGraph(pipeline), "out", (spec) => definitionOf(catalogue, spec));
}

const base = fingerprint({ url: "x" }, { list: [1, { k: 2n }] }, {}, { path: "p" });

test("what does not change the output is not part of it, and secrets least of all", () => {
  const lake = {
    url: "x",
    token: "hush",
    mirror: "m",
    prefetch: 8,
    start_ledger: 5,
    end_ledger: 9,
  };
  const other = fingerprint(lake, { list: [1, { k: 2n }] }, { unrelated: true }, { path: "p" });
  assert.equal(other, base);
  assert.doesNotMatch(other, /hush/);
});

test("the order of keys does not matter, that of lists does", () => {
  const one = fingerprint({}, { x: 1, y: [1, 2] }, {}, {});
  assert.equal(fingerprint({}, { y: [1, 2], x: 1 }, {}, {}), one);
  assert.notEqual(fingerprint({}, { y: [2, 1], x: 1 }, {}, {}), one);
});

test("a change is named with both values", () => {
  checkFingerprint("out", undefined, base);
  checkFingerprint("out", base, base);
  const changed = fingerprint({ url: "y" }, { list: [1, { k: 3n }] }, {}, { path: "p" });
  assert.throws(() => checkFingerprint("out", base, changed), {
    code: "state/config-changed",
    message: /lake\.config\.url was "x" and is "y"/,
  });
  assert.throws(() => checkFingerprint("out", base, changed), {
    message: /a\.config\.list\[1\]\.k was 2 and is 3/,
  });
  checkOutput("out", base, changed);
  const moved = fingerprint({ url: "x" }, { list: [1, { k: 2n }] }, {}, {});
  assert.throws(() => checkOutput("out", base, moved), {
    message: /out\.config\.path was "p" and is not set/,
  });
});
