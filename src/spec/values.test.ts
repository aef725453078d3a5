import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import * as v from "valibot";
import { parseDuration_ms, parseSize_bytes } from "./quantity.ts";
import { either, fields, list, mapping } from "./structures.ts";
import { choice, decimal, duration, flag, integer, secret, size, text } from "./values.ts";

function said(schema: v.GenericSchema, input: unknown): string[] {
  const result = v.safeParse(schema, input);
  assert.ok(!result.success, `accepted ${JSON.stringify(input)}`);
  return result.issues.map((issue) => `${v.getDotPath(issue) ?? ""} ${issue.message}`.trim());
}

test("durations, in milliseconds", () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5s", 1_500],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["30d", 2_592_000_000],
    ["2w", 1_209_600_000],
    ["250", 250],
    [250, 250],
    [" 1s ", 1_000],
    ["-1s", undefined],
    [-1, undefined],
    ["1 s", undefined],
    ["1y", undefined],
    ["", undefined],
    [true, undefined],
    [Infinity, undefined],
    ["99999999999999999999d", undefined],
  ];
  for (const [input, expected] of cases) {
    assert.equal(parseDuration_ms(input), expected, `${input}`);
  }
});

test("sizes, in bytes", () => {
  const cases: readonly (readonly [unknown, number | undefined])[] = [
    ["64KB", 64_000],
    ["64KiB", 65_536],
    ["64MiB", 67_108_864],
    ["1.5GB", 1_500_000_000],
    ["1 Gi", 1_073_741_824],
    ["10b", 10],
    ["4096", 4_096],
    [4096, 4_096],
    ["1PB", undefined],
    ["KB", undefined],
    [-1, undefined],
    ["1e3", undefined],
  ];
  for (const [input, expected] of cases) assert.equal(parseSize_bytes(input), expected, `${input}`);
});

test("the text of any number is that number, and bounds hold for both", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (number) => {
    assert.equal(v.parse(integer(), String(number)), number);
    assert.equal(v.is(integer({ min: 0 }), String(number)), number >= 0);
    assert.equal(v.is(integer({ max: 0, open: "max" }), number), number < 0);
  }));
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
    assert.equal(
      v.parse(decimal(), String(number)),
      number === 0 ? Number(String(number)) : number,
    );
  }));
});

test("what is no value of the kind is refused in words", () => {
  assert.deepEqual(said(integer(), 1.5), ["expects a whole number, but got 1.5"]);
  assert.deepEqual(said(integer(), "9007199254740993"), [
    'expects a whole number, but got "9007199254740993"',
  ]);
  assert.deepEqual(said(integer({ min: 1, max: 64 }), 65), [
    "expects a whole number from 1 to 64, but got 65",
  ]);
  assert.deepEqual(said(decimal({ min: 0, open: "min" }), "NaN"), [
    'expects a number, more than 0, but got "NaN"',
  ]);
  assert.deepEqual(said(flag(), "yes"), ['expects true or false, but got "yes"']);
  assert.deepEqual(said(duration(), "soon"), [
    'expects a duration such as 500ms, 10s, 5m, 1h or 30d, but got "soon"',
  ]);
  assert.deepEqual(said(size(), {}), [
    "expects a size such as 64KB, 64MiB or 1GB, but got a mapping",
  ]);
  assert.deepEqual(said(text(), 5), ["expects text, but got the number 5: put it in quotes"]);
  assert.deepEqual(said(text({ minLength: 1 }), ""), ['expects text, not empty, but got ""']);
  assert.deepEqual(said(secret(), 12345), [
    "expects text, but got a value that is not quoted: put it in quotes",
  ]);
  assert.deepEqual(said(choice(["a", "b", "c"]), "d"), ['expects a, b or c, but got "d"']);
  assert.deepEqual(said(text(), null), ["expects text, but got nothing"]);
});

const STRUCTURE = fields({
  name: text(),
  count: v.optional(integer(), 3),
  tags: v.optional(list(text(), { split: true }), () => []),
  ports: v.optional(list(integer({ min: 1 }), { split: true })),
  labels: v.optional(mapping(text())),
  start: v.optional(either(choice(["latest"]), integer({ min: 1 }))),
  inner: v.optional(fields({ on: v.optional(flag(), true) }), () => ({})),
});

test("structures: defaults, lists from text, keys without value", () => {
  assert.deepEqual(v.parse(STRUCTURE, { name: "a", tags: "x, y,", ports: "80", labels: null }), {
    name: "a",
    count: 3,
    tags: ["x", "y"],
    inner: { on: true },
    ports: [80],
  });
});

test("structures: every problem at once, each with its path", () => {
  const input = {
    cuont: 1,
    tags: [1, "a", 2],
    labels: { a: 1 },
    start: "lates",
    inner: { off: 1 },
  };
  assert.deepEqual(said(STRUCTURE, input), [
    "cuont is not a known key\ndid you mean count?",
    "name is required",
    "tags.0 expects text, but got the number 1: put it in quotes",
    "tags.2 expects text, but got the number 2: put it in quotes",
    "labels.a expects text, but got the number 1: put it in quotes",
    'start expects latest or a whole number, at least 1, but got "lates"\ndid you mean latest?',
    "inner.off is not a known key\nknown keys: on",
  ]);
});

test("structures are not fooled by names that every object has", () => {
  const input: unknown = JSON.parse('{"name":"a","__proto__":{"x":1},"constructor":1}');
  assert.deepEqual(said(STRUCTURE, input).map((line) => line.split(" ")[0]), [
    "__proto__",
    "constructor",
  ]);
  const output = v.parse(mapping(text()), JSON.parse('{"__proto__":"x"}'));
  assert.deepEqual(Object.keys(output), ["__proto__"]);
});
