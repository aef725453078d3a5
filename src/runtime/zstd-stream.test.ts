import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { zstdCompress } from "./zstd.ts";
import { ZstdError } from "./zstd-format.ts";
import { zstdFrames } from "./zstd-frame.ts";
import { zstdDecompressStream } from "./zstd-stream.ts";
import { zstdWalk } from "./zstd-walk.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(bytes: Uint8Array, size: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(zstdDecompressStream(inPieces(bytes, size))));
}

const noise = (length: number) =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i ^ (i >> 7), 2654435761) >>> 24);

/** A frame that holds no content: RFC 8878, section 3.1.2. */
function skippable(length: number): Uint8Array {
  const frame = new Uint8Array(8 + length).fill(7);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0x184d2a53, true);
  view.setUint32(4, length, true);
  return frame;
}

test("what was compressed comes out, over any pieces and any number of frames", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(300_000), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 70_000 }),
      async (sizes, piece) => {
        const contents = sizes.map(noise);
        const frames = await Promise.all(contents.map((content) => zstdCompress(content)));
        const whole = Buffer.concat(frames.flatMap((frame, i) => [frame, skippable(i)]));
        const out = await collect(whole, Math.max(piece, whole.length >> 6));
        assert.ok(out.equals(Buffer.concat(contents)));
      },
    ),
    { numRuns: 25 },
  );
});

test("the walk cuts where the frames end, as the whole-buffer reader sees them", async () => {
  const frames = await Promise.all([0, 5, 200_000, 1000].map((size) => zstdCompress(noise(size))));
  const whole = Buffer.concat([...frames, skippable(3)]);
  for (const size of [1, 3, 1000, whole.length]) {
    const walk = zstdWalk();
    const ends: number[] = [];
    let at = 0;
    for await (const chunk of inPieces(whole, size)) {
      for (const { bytes, endsFrame } of walk.push(chunk)) {
        at += bytes.length;
        if (endsFrame) ends.push(at);
      }
    }
    walk.end();
    assert.equal(at, whole.length);
    assert.deepEqual(ends, [...zstdFrames(whole.subarray(0, -11)).map(({ end }) => end), at]);
  }
});

test("data that ends early yields what is there, then an error", async () => {
  const content = noise(400_000);
  const whole = await zstdCompress(content);
  const second = Buffer.concat([whole, whole]);
  for (
    const [bytes, least] of [
      [whole.subarray(0, whole.length - 1), 380_000],
      [whole.subarray(0, whole.length >> 1), 100_000],
      [whole.subarray(0, 3), 0],
      [second.subarray(0, whole.length + 2), 400_000],
    ] as const
  ) {
    const got: Uint8Array[] = [];
    await assert.rejects(async () => {
      for await (const chunk of zstdDecompressStream(inPieces(bytes, 5000))) got.push(chunk);
    }, ZstdError);
    const out = Buffer.concat(got);
    assert.ok(out.length >= least, `${out.length} bytes`);
    assert.ok(Buffer.from(content.subarray(0, out.length)).equals(out.subarray(0, 400_000)));
  }
});

test("what follows a frame must be a frame; nothing is not one", async () => {
  const whole = await zstdCompress(noise(100));
  const garbage = Buffer.concat([whole, Buffer.from("garbage")]);
  await assert.rejects(collect(garbage, 64), /no zstd frame follow at byte/);
  await assert.rejects(collect(Buffer.from("garbage"), 64), /not zstd data/);
  await assert.rejects(collect(new Uint8Array(), 64), /ends at byte 0/);
});
