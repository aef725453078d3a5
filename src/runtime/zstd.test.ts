import assert from "node:assert/strict";
import test from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { zstdCompress, zstdDecompress, zstdDecompressHere, ZstdError } from "./zstd.ts";
import { zstdFrames } from "./zstd-frame.ts";

const LIMIT = 64 * 1024 * 1024;

/** Compressible in parts, so that all kinds of blocks come up. */
const contents = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) =>
      new Uint8Array(length).fill(byte)
    ),
  ),
  { maxLength: 5 },
).map((parts) => new Uint8Array(Buffer.concat(parts)));

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** Each test runs with both: the second takes other functions of the runtime. */
const DECOMPRESS = [
  { where: "", decompress: zstdDecompress },
  {
    where: ", on this thread",
    decompress: async (bytes: Uint8Array, max_bytes: number) =>
      zstdDecompressHere(bytes, max_bytes),
  },
] as const;

test("our frames state their size and carry a checksum", async () => {
  const [frame] = zstdFrames(await zstdCompress(new Uint8Array(70_000)));
  assert.deepEqual([frame?.content_bytes, frame?.checksum], [70_000, true]);
});

for (const { where, decompress } of DECOMPRESS) {
  test(`what was compressed comes back, with and without size and checksum in the frame${where}`, async () => {
    const flags = fc.record({ size: fc.boolean(), checksum: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(contents, flags, async (content, { size, checksum }) => {
        const compressed = zstdCompressSync(content, {
          params: {
            [constants.ZSTD_c_contentSizeFlag]: size ? 1 : 0,
            [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
          },
        });
        assert.ok(same(await decompress(compressed, content.length), content));
        const [frame] = zstdFrames(compressed);
        assert.equal(frame?.checksum, checksum);
        assert.ok((frame?.limit_bytes ?? 0) >= content.length);
      }),
      { numRuns: 60 },
    );
  });

  test(`several frames, and skippable ones between them, are one content${where}`, async () => {
    const [one, two] = [new Uint8Array(5).fill(1), new Uint8Array(200_000).fill(2)] as const;
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);
    const data = Buffer.concat([await zstdCompress(one), skippable, await zstdCompress(two)]);
    assert.ok(same(await decompress(data, LIMIT), Buffer.concat([one, two])));
    await assert.rejects(decompress(data, 200_004), ZstdError);
  });

  test(`data that ends early or goes on is refused, at every length${where}`, async () => {
    const whole = await zstdCompress(new Uint8Array(300_000).map((_, index) => index * index >> 7));
    for (let length = 0; length < whole.length; length += 1 + (length >> 4)) {
      await assert.rejects(decompress(whole.subarray(0, length), LIMIT), ZstdError);
    }
    for (const rest of [[0], [0x28], [0x28, 0xb5, 0x2f, 0xfd], new Array(20).fill(7)]) {
      await assert.rejects(
        decompress(Buffer.concat([whole, Buffer.from(rest)]), LIMIT),
        ZstdError,
      );
    }
  });

  test(`a flipped bit is refused or changes nothing${where}`, async () => {
    const content = new Uint8Array(50_000).map((_, index) => index * index >> 9);
    const whole = await zstdCompress(content);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length * 8 - 1), async (bit) => {
        const damaged = Buffer.from(whole);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          assert.ok(same(await decompress(damaged, LIMIT), content));
        } catch (error) {
          assert.ok(error instanceof ZstdError, String(error));
        }
      }),
      { numRuns: 200 },
    );
  });

  test(`random bytes are refused${where}`, async () => {
    const magic = [0x28, 0xb5, 0x2f, 0xfd];
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 300 }), async (framed, bytes) => {
        const data = framed ? Buffer.concat([Buffer.from(magic), bytes]) : bytes;
        try {
          await decompress(data, LIMIT);
        } catch (error) {
          assert.ok(error instanceof ZstdError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });

  test(`a bomb is refused by what its header says, or when its limit is reached${where}`, async () => {
    const zeros = new Uint8Array(100 * 1024 * 1024);
    for (const size of [1, 0]) {
      const bomb = zstdCompressSync(zeros, {
        params: { [constants.ZSTD_c_contentSizeFlag]: size },
      });
      assert.ok(bomb.length < 20_000);
      await assert.rejects(decompress(bomb, 1024 * 1024), ZstdError);
    }
    assert.equal((await decompress(zstdCompressSync(zeros), zeros.length)).length, zeros.length);
  });
}
