import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { interpolate } from "./interpolate.ts";

const ENV = { A: "1", EMPTY: "", NESTED: "${A}" };

function textOf(text: string): string {
  const result = interpolate(text, ENV);
  assert.ok(result.ok, text);
  return result.text;
}

test("what a text becomes", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["${A}", "1"],
    ["x${A}y${A}z", "x1y1z"],
    ["${EMPTY}", ""],
    ["${EMPTY:-d}", "d"],
    ["${NONE:-}", ""],
    ["${NONE:-a:b-c?}", "a:b-c?"],
    ["${NONE:-${EMPTY:-${A}}}!", "1!"],
    ["${A:?must be there}", "1"],
    // A value is never looked into.
    ["${NESTED}", "${A}"],
    ["$$", "$"],
    ["$${A}", "${A}"],
    ["$$$A", "$$A"],
    ["cost: $5, $A, $", "cost: $5, $A, $"],
  ];
  for (const [text, expected] of cases) assert.equal(textOf(text), expected, text);
});

test("what is unset, and what is malformed", () => {
  const why = (text: string) => {
    const result = interpolate(text, ENV);
    if (result.ok) return result.text;
    return result.why === "unset" ? [result.variable, result.message] : result.expression;
  };
  assert.deepEqual(why("${NONE}"), ["NONE", undefined]);
  assert.deepEqual(why("${EMPTY:?is needed: now}"), ["EMPTY", "is needed: now"]);
  assert.deepEqual(why("${NONE:?}"), ["NONE", undefined]);
  assert.deepEqual(why("${constructor}"), ["constructor", undefined]);
  assert.equal(why("a ${A"), "${A");
  assert.equal(why("${}"), "${}");
  assert.equal(why("${A-b}"), "${A-b}");
  assert.equal(why("${transaction.hash}"), "${transaction.hash}");
});

test("a text with its dollars doubled comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "A", ":", "-") }), (text) => {
      assert.equal(textOf(text.replaceAll("$", "$$$$")), text);
    }),
  );
});
