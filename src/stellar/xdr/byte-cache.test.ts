import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteCache } from "./byte-cache.ts";
import { XdrBytes } from "./xdr-bytes.ts";

const PLACES = 4;
const MAX_BYTES = 16;

/** Words of few values, so that pieces come again, and few places, so that they meet. */
const words = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 0, maxLength: 6 });

function bytesOf(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setInt32(index * 4, value);
  return bytes;
}

test("what is found is what would be made, whatever else had its place", () => {
  fc.assert(fc.property(fc.array(words, { maxLength: 60 }), (pieces) => {
    let made = 0;
    const cache = new ByteCache(
      (xdr, start, end) => {
        made++;
        return xdr.hex(start, end);
      },
      PLACES,
      MAX_BYTES,
    );
    for (const piece of pieces) {
      const bytes = bytesOf([7, ...piece, 7]);
      const found = cache.of(new XdrBytes(bytes), 4, bytes.length - 4);
      assert.equal(found, Buffer.from(bytesOf(piece)).toString("hex"));
    }
    const short = pieces.findLast((piece) => piece.length > 0 && piece.length * 4 <= MAX_BYTES);
    if (short === undefined || short !== pieces.at(-1)) return;
    const before = made;
    cache.of(new XdrBytes(bytesOf(short)), 0, short.length * 4);
    assert.equal(made, before);
  }));
});
