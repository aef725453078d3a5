import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { FlowctlError } from "../../spec/errors.ts";
import { DEFAULT_MAX_RECORD_BYTES, type Frame, frames, TruncatedStream } from "./frames.ts";

const OPTIONS = { max_record_bytes: 10_000 };

function fragment(bytes: Uint8Array, last: boolean): Uint8Array {
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length + (last ? 0x80000000 : 0));
  whole.set(bytes, 4);
  return whole;
}

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

async function collect(bytes: Uint8Array, sizes: readonly number[] = [bytes.length + 1]) {
  const found: Frame[] = [];
  let error: unknown;
  try {
    for await (const frame of frames(inPieces(bytes, sizes), OPTIONS)) found.push(frame);
  } catch (thrown) {
    error = thrown;
  }
  return { found, error };
}

const piece = fc.uint8Array({ minLength: 1, maxLength: 300 });
const records = fc.array(fc.array(piece, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });

test("records come out whole, however they are cut into fragments and chunks", async () => {
  await fc.assert(
    fc.asyncProperty(records, sizes, async (all, cuts) => {
      const parts = all.map((record) =>
        Buffer.concat(record.map((bytes, i) => fragment(bytes, i === record.length - 1)))
      );
      const { found, error } = await collect(Buffer.concat(parts), cuts);
      assert.equal(error, undefined);
      assert.deepEqual(
        found.map(({ bytes }) => Buffer.from(bytes)),
        all.map((record) => Buffer.concat(record)),
      );
      let offset = 0;
      for (const [i, frame] of found.entries()) {
        assert.equal(frame.offset, offset);
        offset += parts[i]?.length ?? 0;
      }
    }),
  );
});

test("a stream that is cut anywhere gives its whole records, then says where it was cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.nat(), async (all, n) => {
      const parts = all.map((bytes) => fragment(bytes, true));
      const whole = Buffer.concat(parts);
      const end = n % whole.length;
      const { found, error } = await collect(whole.subarray(0, end), [7]);
      let start = 0;
      let count = 0;
      for (const part of parts) {
        if (start + part.length > end) break;
        start += part.length;
        count++;
      }
      assert.equal(found.length, count);
      if (start === end) return assert.equal(error, undefined);
      assert.ok(error instanceof TruncatedStream);
      assert.equal(error.offset, start);
      assert.ok(error.message.includes(`ends at byte ${end}`));
    }),
  );
});

test("random bytes end in an error or in records, never in anything else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), sizes, async (bytes, cuts) => {
      const { found, error } = await collect(bytes, cuts);
      assert.ok(error === undefined || error instanceof FlowctlError);
      if (error !== undefined) assert.match((error as FlowctlError).message, /byte \d+/);
      const size = found.reduce((sum, frame) => sum + frame.bytes.length, 0);
      assert.ok(size <= bytes.length);
    }),
  );
});

test("the limit holds at its value, over all fragments of a record", async () => {
  const half = new Uint8Array(OPTIONS.max_record_bytes / 2);
  const atLimit = Buffer.concat([fragment(half, false), fragment(half, true)]);
  assert.equal((await collect(atLimit)).found.length, 1);
  const above = Buffer.concat([fragment(half, false), fragment(half, false), fragment(half, true)]);
  const { found, error } = await collect(above);
  assert.equal(found.length, 0);
  assert.match(String(error), /15000 bytes, more than 10000/);
  assert.equal(DEFAULT_MAX_RECORD_BYTES, 268_435_456);
});
