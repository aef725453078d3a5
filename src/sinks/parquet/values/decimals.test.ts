import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyDecimal } from "../../../../tests/support/arbitrary-rows.ts";
import { unscaledDecimal } from "../../../events/decimal.ts";
import { writeDecimal } from "./decimals.ts";

function written(text: string): bigint {
  const bytes = new Uint8Array(20).fill(0xaa);
  writeDecimal(bytes, 2, text);
  assert.deepEqual([...bytes.subarray(0, 2), ...bytes.subarray(18)], [0xaa, 0xaa, 0xaa, 0xaa]);
  const view = new DataView(bytes.buffer, 2);
  return (view.getBigInt64(0) << 64n) | view.getBigUint64(8);
}

test("every decimal is written exactly, short ones and long ones", () => {
  const anyLength = fc.integer({ min: 1, max: 38 }).chain((digits) => anyDecimal(digits));
  fc.assert(
    fc.property(anyLength, (text) => assert.equal(written(text), unscaledDecimal(text))),
    { numRuns: 2000 },
  );
});

test("what is no decimal, or too long, is refused as the slow way refuses it", () => {
  const bad = [
    "",
    "-",
    ".",
    "1.",
    ".5",
    "01",
    "-01",
    "1.12345678",
    "1e5",
    "1,5",
    "--1",
    "1.2.3",
    " 1",
  ];
  for (const text of bad) assert.throws(() => written(text), RangeError, text);
  for (const limit of [`${10n ** 31n}`, `-${10n ** 31n}`]) {
    assert.throws(() => written(limit), /38 digits/);
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."-.0159"), maxLength: 12 }), (text) => {
      let expected: bigint | undefined;
      try {
        expected = unscaledDecimal(text);
      } catch {
        expected = undefined;
      }
      if (expected === undefined) assert.throws(() => written(text), RangeError, text);
      else assert.equal(written(text), expected, text);
    }),
    { numRuns: 2000 },
  );
});
