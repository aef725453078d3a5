/** Following the head of a lake that grows. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import test from "node:test";
import type { Batch } from "../src/flow/batch.ts";
import type { Source } from "../src/flow/component.ts";
import { openStore } from "../src/objects/open-store.ts";
import { galexie } from "../src/sources/galexie/galexie.ts";
import { createLakeWriter } from "../src/sources/galexie/lake-writer.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import {
  lakeContext,
  metasOf,
  readLake,
  sameLedgers,
  SYNTHETIC_NETWORK,
  syntheticLedgers,
} from "./support/lake.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FIRST = 64;
const ledgers = syntheticLedgers(FIRST, 40);

async function growing(url: string, ledgersPerBatch: number) {
  const writer = await createLakeWriter(openStore(url), {
    network: SYNTHETIC_NETWORK,
    ledgersPerBatch,
    batchesPerPartition: 2,
  });
  return async (from: number, to: number) => {
    for (const ledger of ledgers.slice(from - FIRST, to - FIRST)) await writer.write(ledger);
  };
}

for (const ledgersPerBatch of [1, 4]) {
  test(`a lake that grows by ${ledgersPerBatch} is followed to the end of the range`, async () => {
    using folder = temporaryFolder();
    const write = await growing(folder.path, ledgersPerBatch);
    await write(64, 72);
    const config = { url: folder.path, poll_interval: "2ms" };
    const reading = readLake(config, { from: FIRST, to: 103, wait: true });
    for (let next = 72; next < 104; next += 4) {
      await sleep(15);
      await write(next, next + 4);
    }
    assert.ok(sameLedgers(metasOf(await reading), ledgers));
  });
}

test("the source knows the head of the lake, for the lag", async () => {
  using folder = temporaryFolder();
  const write = await growing(folder.path, 1);
  await write(64, 100);
  const source: Source = await galexie.create(
    lakeContext({ url: folder.path, start_ledger: FIRST, prefetch: 1, buffer_size: 1 }),
  );
  assert.equal(source.head?.(), undefined);
  await source.bounds();
  for await (const batch of source.read({ from: FIRST, to: 70, wait: true })) {
    if (batch.sequence < 70) continue;
    const limit_ms = performance.now() + 5_000;
    while (source.head?.() !== 99 && performance.now() < limit_ms) await sleep(5);
    assert.equal(source.head?.(), 99);
  }
  await source.close();
});

test("a run that waits at the head ends when it is told to", async () => {
  using folder = temporaryFolder();
  const write = await growing(folder.path, 1);
  await write(64, 70);
  const stop = new AbortController();
  const read: Batch[] = [];
  const each = (batch: Batch) => {
    read.push(batch);
    if (batch.sequence === 69) setTimeout(() => stop.abort(new Error("told to stop")), 50);
  };
  const config = { url: folder.path, poll_interval: "10m" };
  const start_ms = performance.now();
  await assert.rejects(
    readLake(config, { from: FIRST, wait: true }, { signal: stop.signal, each }),
    /told to stop/,
  );
  assert.equal(read.length, 6);
  assert.ok(performance.now() - start_ms < 5_000);
});

test("a source that is closed while it waits lets go", async () => {
  using folder = temporaryFolder();
  const write = await growing(folder.path, 1);
  await write(64, 66);
  const source = await galexie.create(lakeContext({ url: folder.path, poll_interval: "10m" }));
  const batches = source.read({ from: FIRST, to: undefined, wait: true })[Symbol.asyncIterator]();
  assert.equal((await batches.next()).value?.sequence, 64);
  assert.equal((await batches.next()).value?.sequence, 65);
  const waiting = batches.next();
  await sleep(30);
  await source.close();
  await assert.rejects(Promise.resolve(waiting));
});

test("a gap that shows only after the wait has begun is an error", async () => {
  using folder = temporaryFolder();
  const write = await growing(folder.path, 1);
  await write(64, 70);
  const hidden = `FFFFFFB9--70-71/FFFFFFB9--70.xdr.zst`;
  const store = openStore(folder.path);
  const reading = readLake({ url: folder.path, poll_interval: "20ms" }, { from: 68, wait: true });
  const failed = assert.rejects(reading, (error: unknown) => {
    assert.ok(error instanceof FlowctlError && error.code === "lake/missing-ledger");
    assert.ok(error.message.includes(hidden), error.message);
    return true;
  });
  await sleep(50);
  const other = temporaryFolder();
  const writeElsewhere = await growing(other.path, 1);
  await writeElsewhere(70, 72);
  const later = "FFFFFFB9--70-71/FFFFFFB8--71.xdr.zst";
  await store.put(later, await openStore(other.path).get(later));
  other[Symbol.dispose]();
  await failed;
});
