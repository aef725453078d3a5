import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../flow/batch.ts";
import { JsonBytes } from "./json-bytes.ts";
import { jsonText, MAX_JSON_DEPTH } from "./json.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom('"', "\\", "\u0000", "\ud800", "é", "\u{1f600}", "G".repeat(96), "G".repeat(97)),
);

const { anyJson } = fc.letrec<{ anyJson: Json }>((tie) => ({
  anyJson: fc.oneof(
    { depthSize: "small" },
    text,
    fc.bigInt(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("anyJson")),
    fc.dictionary(text, tie("anyJson")),
  ),
}));

function written(json: Json, out = new JsonBytes()): string {
  out.value(json);
  return Buffer.from(out.bytes.subarray(0, out.length)).toString("utf8");
}

test("any value is written as jsonText gives it, behind whatever stands there", () => {
  fc.assert(fc.property(fc.array(anyJson), (values) => {
    const out = new JsonBytes();
    let expected = "";
    for (const value of values) {
      expected += jsonText(value);
      assert.equal(written(value, out), expected);
    }
  }));
});

test("an integer has all its digits, at every edge", () => {
  const edge = fc.constantFrom(
    ...[0, 9, 10, 16, 31, 32, 53, 62, 63, 64].map((bits) => 2n ** BigInt(bits)),
    ...[1, 8, 9, 10, 17, 18, 19].map((digits) => 10n ** BigInt(digits)),
  );
  const near = fc.tuple(edge, fc.bigInt({ min: -2n, max: 2n }), fc.constantFrom(1n, -1n));
  const integer = fc.oneof(
    near.map(([value, distance, sign]) => sign * (value + distance)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.nat(20_000),
  );
  fc.assert(
    fc.property(fc.array(integer), (values) => {
      const out = new JsonBytes();
      for (const value of values) {
        out.integer(value);
        out.byte(10);
      }
      const text = Buffer.from(out.bytes.subarray(0, out.length)).toString();
      assert.equal(text, values.map((value) => `${value}\n`).join(""));
    }),
    { numRuns: 2_000 },
  );
});

test("members without a value are left out, in a list they are null", () => {
  const odd = { a: undefined, b: [undefined, 1], c: () => 1 } as unknown as Json;
  assert.equal(written(odd), '{"b":[null,1]}');
  assert.equal(written(odd), jsonText(odd));
});

test("what has a form of its own keeps it", () => {
  const odd = { at: new Date(0), deep: [new Map()] } as unknown as Json;
  assert.equal(written(odd), '{"at":"1970-01-01T00:00:00.000Z","deep":[{}]}');
});

test("depth has no limit but that of jsonText", () => {
  const nested = (levels: number, inner: Json): Json => {
    let value = inner;
    for (let level = 0; level < levels; level++) value = [value];
    return value;
  };
  assert.equal(written(nested(MAX_JSON_DEPTH + 2, "x")), jsonText(nested(MAX_JSON_DEPTH + 2, "x")));
  assert.throws(() => written(nested(2 * MAX_JSON_DEPTH + 3, 1n)), RangeError);
});

test("texts with escapes go through what mends them, others do not", () => {
  const seen: string[] = [];
  const out = new JsonBytes((json) => {
    seen.push(json);
    return '"mended"';
  });
  assert.equal(
    written({ "\ud800": "plain", other: "\n" }, out),
    '{"mended":"plain","other":"mended"}',
  );
  assert.deepEqual(seen, ['"\\ud800"', '"\\n"']);
});
