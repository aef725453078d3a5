import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createByteBuffer } from "./byte-buffer.ts";
import { appendHybrid, bitWidthOf, MAX_BIT_WIDTH } from "./hybrid.ts";

/** Reads as the format's page says, one bit after the other. */
function read(bytes: Uint8Array, count: number, bitWidth: number): number[] {
  const values: number[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++] ?? assert.fail("ends in a header");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (values.length < count) {
    const header = varint();
    if (header % 2 === 0) {
      let value = 0;
      for (let bits = 0; bits < bitWidth; bits += 8) value += (bytes[at++] ?? NaN) * 2 ** bits;
      for (let left = header / 2; left > 0; left--) values.push(value);
    } else {
      const groups = (header - 1) / 2;
      for (let index = 0; index < groups * 8; index++) {
        let value = 0;
        for (let bit = 0; bit < bitWidth; bit++) {
          const place = index * bitWidth + bit;
          value += ((bytes[at + (place >> 3)] ?? NaN) >> (place & 7) & 1) * 2 ** bit;
        }
        values.push(value);
      }
      at += groups * bitWidth;
    }
  }
  assert.equal(at, bytes.length, "nothing is left");
  assert.ok(values.slice(count).every((value) => value === 0), "filled up with zeros");
  return values.slice(0, count);
}

const anyValues = fc.integer({ min: 0, max: MAX_BIT_WIDTH }).chain((bitWidth) => {
  const value = fc.integer({ min: 0, max: 2 ** bitWidth - 1 });
  const run = fc.tuple(value, fc.integer({ min: 1, max: 40 }));
  return fc.record({
    bitWidth: fc.constant(bitWidth),
    values: fc.array(run).map((runs) =>
      runs.flatMap(([value, length]) => new Array<number>(length).fill(value))
    ),
  });
});

test("runs and packed values read back, whatever their mixture and width", () => {
  fc.assert(fc.property(anyValues, ({ bitWidth, values }) => {
    const out = createByteBuffer();
    appendHybrid(out, values, values.length, bitWidth);
    assert.deepEqual(read(out.bytes.subarray(0, out.length), values.length, bitWidth), values);
  }));
});

test("a long run takes a few bytes", () => {
  const out = createByteBuffer();
  appendHybrid(out, new Uint8Array(1_000_000).fill(1), 1_000_000, 1);
  assert.deepEqual([...out.bytes.subarray(0, out.length)], [0x80, 0x89, 0x7a, 1]);
});

test("bit widths", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 255, 256, 65_535].map(bitWidthOf), [0, 1, 2, 2, 3, 8, 9, 16]);
});
