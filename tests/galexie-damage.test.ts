/** What a damaged lake gives: the ledgers as they were, or an error that names ledger and object. */

import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { openStore } from "../src/objects/open-store.ts";
import { type LakeLayout, objectKey } from "../src/sources/galexie/lake-layout.ts";
import { encodeBatch } from "../src/sources/galexie/lake-writer.ts";
import { type ErrorCode, FlowctlError } from "../src/spec/errors.ts";
import { readLedgerHeader } from "../src/stellar/ledger-header.ts";
import {
  metasOf,
  readLake,
  sameLedgers,
  SYNTHETIC_NETWORK,
  syntheticLedgers,
  writeLake,
} from "./support/lake.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FIRST = 64;
const COUNT = 16;
const LAYOUT: LakeLayout = { ledgersPerBatch: 4, batchesPerPartition: 2 };

const ledgers = syntheticLedgers(FIRST, COUNT);

interface TestLake extends Disposable {
  readonly url: string;
  fileOf(ledger: number): string;
}

async function testLake(): Promise<TestLake> {
  const folder = temporaryFolder();
  await writeLake(openStore(folder.path), ledgers, LAYOUT);
  return {
    url: folder.path,
    fileOf: (ledger) => join(folder.path, objectKey(LAYOUT, ledger, ".xdr.zst")),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Reads all of it; the ledgers before the error, and the error. */
async function read(url: string, more: Record<string, unknown> = {}) {
  const before: number[] = [];
  const config = { url, start_ledger: FIRST, end_ledger: FIRST + COUNT - 1, ...more };
  try {
    const each = ({ sequence }: { sequence: number }) => before.push(sequence);
    return { metas: metasOf(await readLake(config, {}, { each })), before };
  } catch (error) {
    return { error, before };
  }
}

async function assertFails(
  url: string,
  ledger: number,
  codes: readonly ErrorCode[],
  more: Record<string, unknown> = {},
): Promise<void> {
  const { error, before } = await read(url, more);
  assert.ok(error instanceof FlowctlError, `no error about ledger ${ledger}`);
  assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
  const { batch, key } = { batch: ledger - ledger % 4, key: objectKey(LAYOUT, ledger, ".xdr.zst") };
  assert.ok(error.message.includes(key), error.message);
  assert.match(error.message, new RegExp(`ledgers? (${batch} to ${batch + 3}|${ledger})`));
  // Everything in front of the damage has been delivered.
  assert.deepEqual(before, Array.from({ length: before.length }, (_, index) => FIRST + index));
  assert.ok(before.length >= batch - FIRST, `only ${before.length} ledgers before the damage`);
}

test("a flipped bit anywhere in an object is noticed or changes nothing", async () => {
  using lake = await testLake();
  const path = lake.fileOf(72);
  const whole = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length * 8 - 1), async (bit) => {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, damaged);
      const { metas } = await read(lake.url, { verify: "none" });
      if (metas === undefined) await assertFails(lake.url, 72, ["lake/corrupt-object"]);
      else assert.ok(sameLedgers(metas, ledgers), `bit ${bit} went unnoticed`);
    }),
    { numRuns: 60 },
  );
});

test("without a frame checksum the hashes still cover header, transactions and results", async () => {
  using lake = await testLake();
  const batch = encodeBatch(72, ledgers.slice(8, 12));
  await fc.assert(
    // Hash, header and transaction set of the first ledger: all that lies in its first part.
    fc.asyncProperty(fc.integer({ min: 12 * 8, max: 1200 * 8 }), async (bit) => {
      const damaged = Buffer.from(batch);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // The fee rate in front of the header, which no hash covers.
      if (bit >= 24 * 8 && bit < 32 * 8) return;
      writeFileSync(lake.fileOf(72), zstdCompressSync(damaged));
      const codes: ErrorCode[] = [
        "lake/corrupt-object",
        "lake/wrong-ledger",
        "ledger/hash-mismatch",
        "ledger/broken-chain",
      ];
      await assertFails(lake.url, 72, codes);
    }),
    { numRuns: 60 },
  );
});

test("an object cut at any byte is noticed", async () => {
  using lake = await testLake();
  const whole = readFileSync(lake.fileOf(72));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
      writeFileSync(lake.fileOf(72), whole.subarray(0, length));
      await assertFails(lake.url, 72, ["lake/corrupt-object"], { verify: "none" });
    }),
    { numRuns: 40 },
  );
});

test("bytes after the object's end are noticed", async () => {
  using lake = await testLake();
  const whole = readFileSync(lake.fileOf(72));
  writeFileSync(lake.fileOf(72), Buffer.concat([whole, Buffer.from("more")]));
  await assertFails(lake.url, 72, ["lake/corrupt-object"]);
});

test("a missing object in the middle is named, also when the run could wait for it", async () => {
  using lake = await testLake();
  rmSync(lake.fileOf(72));
  await assertFails(lake.url, 72, ["lake/missing-ledger"]);
  const waiting = readLake({ url: lake.url, prefetch: 1 }, { from: FIRST, to: 79, wait: true });
  await assert.rejects(waiting, (error: unknown) => {
    assert.ok(error instanceof FlowctlError && error.code === "lake/missing-ledger");
    assert.match(error.message, /ledger 72 is missing: .*FFFFFFB7--72-75\.xdr\.zst/);
    return true;
  });
});

test("an object that holds another's ledgers is named", async () => {
  using lake = await testLake();
  cpSync(lake.fileOf(76), lake.fileOf(72));
  await assertFails(lake.url, 72, ["lake/wrong-ledger"], { verify: "none" });
});

test("ledgers in the wrong place inside an object are named", async () => {
  using lake = await testLake();
  const [a, b, c, d] = ledgers.slice(8, 12) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  writeFileSync(lake.fileOf(72), zstdCompressSync(encodeBatch(72, [a, c, b, d])));
  await assertFails(lake.url, 73, ["lake/wrong-ledger"], { verify: "none" });
  writeFileSync(lake.fileOf(72), zstdCompressSync(encodeBatch(72, [a, b, c])));
  await assertFails(lake.url, 72, ["lake/wrong-ledger"], { verify: "none" });
});

test("a batch that counts other ledgers than it spans is named", async () => {
  using lake = await testLake();
  for (const count of [0, 3, 5, 0xffffffff]) {
    const batch = Buffer.from(encodeBatch(72, ledgers.slice(8, 12)));
    batch.writeUInt32BE(count, 8);
    writeFileSync(lake.fileOf(72), zstdCompressSync(batch));
    await assertFails(lake.url, 72, ["lake/wrong-ledger"], { verify: "none" });
  }
});

test("a header that is not the one hashed is named, without a look at the rest", async () => {
  using lake = await testLake();
  const batch = Buffer.from(encodeBatch(72, ledgers.slice(8, 12)));
  const { txSetResultHash } = readLedgerHeader(batch.subarray(12));
  // The hash of the bucket list follows, which nothing else depends on.
  const bucketListHash = batch.indexOf(txSetResultHash, "hex") + 32;
  batch[bucketListHash] = (batch[bucketListHash] ?? 0) ^ 1;
  writeFileSync(lake.fileOf(72), zstdCompressSync(batch));
  await assertFails(lake.url, 72, ["ledger/hash-mismatch"], { verify: "chain" });
  await assertFails(lake.url, 72, ["ledger/hash-mismatch"], { verify: "full" });
});

test("ledgers of another chain are named, unless nothing is to be verified", async () => {
  using lake = await testLake();
  const others = syntheticLedgers(FIRST, COUNT, 4).slice(8, 12);
  writeFileSync(lake.fileOf(72), zstdCompressSync(encodeBatch(72, others)));
  await assertFails(lake.url, 72, ["ledger/broken-chain"]);
  await assertFails(lake.url, 72, ["ledger/broken-chain"], { verify: "chain" });
  const { metas } = await read(lake.url, { verify: "none" });
  assert.equal(metas?.length, COUNT);
});

test("an object that would not fit into memory is refused while it is small", async () => {
  using lake = await testLake();
  const bomb = zstdCompressSync(Buffer.alloc(300 * 1024 * 1024));
  assert.ok(bomb.length < 100_000);
  writeFileSync(lake.fileOf(72), bomb);
  await assertFails(lake.url, 72, ["lake/corrupt-object"]);
});

test("garbage is refused", async () => {
  using lake = await testLake();
  for (const garbage of [Buffer.alloc(0), Buffer.from("<html>not found</html>")]) {
    writeFileSync(lake.fileOf(72), garbage);
    await assertFails(lake.url, 72, ["lake/corrupt-object"]);
  }
  writeFileSync(lake.fileOf(72), zstdCompressSync(Buffer.from("no batch")));
  await assertFails(lake.url, 72, ["lake/corrupt-object", "lake/wrong-ledger"]);
});

test("a lake whose network is told differently twice", async () => {
  using lake = await testLake();
  const config = { network: "testnet", network_passphrase: SYNTHETIC_NETWORK };
  const { error } = await read(lake.url, config);
  assert.ok(error instanceof FlowctlError && error.code === "source/wrong-network");
});
