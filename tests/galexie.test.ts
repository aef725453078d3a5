/** The lake source on folders: real lakes, and synthetic ones of every layout. */

import assert from "node:assert/strict";
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { openStore } from "../src/objects/open-store.ts";
import { galexie } from "../src/sources/galexie/galexie.ts";
import type { LakeWriterOptions } from "../src/sources/galexie/lake-writer.ts";
import { type ErrorCode, FlowctlError } from "../src/spec/errors.ts";
import {
  lakeContext,
  metasOf,
  readLake,
  sameLedgers,
  sequencesOf,
  SYNTHETIC_NETWORK,
  syntheticLedgers,
  writeLake,
} from "./support/lake.ts";
import { pubnetLake, testnetLake } from "./support/ledgers.ts";
import { sharedMissing, sharedPath } from "./support/shared.ts";
import { temporaryFolder } from "./support/temporary.ts";

const realTitle = (text: string) =>
  sharedMissing === false ? text : `${text} (skipped: ${sharedMissing})`;
const skipReal = sharedMissing !== false;

function rejectsWith(code: ErrorCode, ...patterns: RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code, error.message);
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

test(realTitle("the real pubnet lake is read and verified"), { skip: skipReal }, async () => {
  const url = sharedPath("ledgers", "pubnet-lake");
  const batches = await readLake({ url, start_ledger: "earliest", end_ledger: 63092991 });
  assert.deepEqual(sequencesOf(batches), range(63092982, 63092991));
  assert.ok(sameLedgers(metasOf(batches), pubnetLake().map(({ bytes }) => bytes)));
  assert.equal(batches[0]?.network, "Public Global Stellar Network ; September 2015");
});

test(realTitle("a lake whose manifest tells of folders that are not there"), {
  skip: skipReal,
}, async () => {
  const url = sharedPath("ledgers", "testnet-lake");
  const batches = await readLake({ url, start_ledger: "997", network: "testnet" }, { to: 999 });
  assert.ok(sameLedgers(metasOf(batches), testnetLake().map(({ bytes }) => bytes)));
});

test(realTitle("older and uncompressed names in a lake without a manifest"), {
  skip: skipReal,
}, async () => {
  const url = sharedPath("ledgers", "single");
  for (const ledger of [53312000, 60659332]) {
    const config = { url, network: "mainnet", start_ledger: ledger, end_ledger: ledger };
    assert.deepEqual(sequencesOf(await readLake(config)), [ledger]);
  }
  await assert.rejects(
    readLake({ url, start_ledger: 53312000 }),
    rejectsWith("lake/no-manifest", /single has no \.config\.json/),
  );
});

test(realTitle("a lake of another network is refused"), { skip: skipReal }, async () => {
  const url = sharedPath("ledgers", "pubnet-lake");
  await assert.rejects(
    readLake({ url, network: "testnet", start_ledger: 63092982 }),
    rejectsWith("source/wrong-network", /Public Global.*Test SDF/),
  );
});

const LAYOUTS: readonly Partial<LakeWriterOptions>[] = [
  { ledgersPerBatch: 1, batchesPerPartition: 1 },
  { ledgersPerBatch: 1, batchesPerPartition: 10 },
  { ledgersPerBatch: 8, batchesPerPartition: 1 },
  { ledgersPerBatch: 8, batchesPerPartition: 3 },
  { ledgersPerBatch: 64, batchesPerPartition: 2 },
  { ledgersPerBatch: 64, batchesPerPartition: 64_000 },
  { ledgersPerBatch: 8, batchesPerPartition: 3, compression: "none" },
];

for (const layout of LAYOUTS) {
  const { ledgersPerBatch, batchesPerPartition, compression = "zstd" } = layout;
  const name = `${ledgersPerBatch} a batch, ${batchesPerPartition} a folder, ${compression}`;

  test(`a lake of ${name} is read as it was written`, async () => {
    using folder = temporaryFolder();
    const ledgers = syntheticLedgers(2, 190);
    await writeLake(openStore(folder.path), ledgers, layout);
    const url = folder.path;
    const whole = await readLake({ url, start_ledger: "earliest", end_ledger: 191 });
    assert.ok(sameLedgers(metasOf(whole), ledgers));
    // A range that starts and ends inside an object.
    assert.deepEqual(sequencesOf(await readLake({ url }, { from: 70, to: 133 })), range(70, 133));
    assert.deepEqual(sequencesOf(await readLake({ url, start_ledger: "latest" }, { to: 191 })), [
      191,
    ]);

    // Without the manifest the names tell the layout.
    rmSync(join(folder.path, ".config.json"));
    const bare = { url, network_passphrase: SYNTHETIC_NETWORK, start_ledger: 3, end_ledger: 190 };
    assert.deepEqual(sequencesOf(await readLake(bare)), range(3, 190));
    const told = {
      ...bare,
      ledgers_per_file: String(ledgersPerBatch),
      files_per_partition: batchesPerPartition,
    };
    assert.deepEqual(sequencesOf(await readLake(told)), range(3, 190));
  });
}

test("a lake that changes its names midway", async () => {
  using folder = temporaryFolder();
  const ledgers = syntheticLedgers(100, 40);
  await writeLake(openStore(folder.path), ledgers, { batchesPerPartition: 1 });
  for (const name of readdirSync(folder.path).filter((name) => /--1[01]\d\./.test(name))) {
    renameSync(join(folder.path, name), join(folder.path, name.replace(/zst$/, "zstd")));
  }
  const config = { url: folder.path, start_ledger: 100, end_ledger: 139 };
  assert.ok(sameLedgers(metasOf(await readLake(config)), ledgers));
});

test("ranges outside of the lake say what there is", async () => {
  using folder = temporaryFolder();
  const url = folder.path;
  await writeLake(openStore(url), syntheticLedgers(64, 64), { ledgersPerBatch: 8 });
  await assert.rejects(
    readLake({ url }, { from: 50, to: 60 }),
    rejectsWith("source/out-of-range", /ledger 50 .*starts with ledger 64/),
  );
  const read: number[] = [];
  await assert.rejects(
    readLake({ url }, { from: 120, to: 200 }, { each: ({ sequence }) => read.push(sequence) }),
    rejectsWith("source/head-reached", /ledger 128 is not in the lake yet.*--128-135\.xdr/),
  );
  assert.deepEqual(read, range(120, 127));
});

test("ledger 1 exists in no lake", async () => {
  using folder = temporaryFolder();
  await writeLake(openStore(folder.path), syntheticLedgers(2, 62), { ledgersPerBatch: 64 });
  await assert.rejects(
    readLake({ url: folder.path }, { from: 1, to: 10 }),
    rejectsWith("source/out-of-range", /starts with ledger 2/),
  );
});

test("an empty folder, and one that is not there", async () => {
  using folder = temporaryFolder();
  const config = { url: folder.path, network: "testnet", start_ledger: "latest" };
  await assert.rejects(readLake(config), rejectsWith("lake/missing-ledger", /holds no ledgers/));
  const url = join(folder.path, "nothing");
  await assert.rejects(readLake({ ...config, url }), rejectsWith("objects/rejected", /no folder/));
});

test("a manifest that is none", async () => {
  using folder = temporaryFolder();
  for (const text of ["", "{", "[]", '{"networkPassphrase":"x","ledgersPerBatch":0}']) {
    writeFileSync(join(folder.path, ".config.json"), text);
    await assert.rejects(
      readLake({ url: folder.path, start_ledger: 5 }),
      rejectsWith("lake/bad-manifest", /\.config\.json is not a manifest/),
    );
  }
});

test("the writer refuses gaps, a start inside an object, and another kind of lake", async () => {
  using folder = temporaryFolder();
  const store = openStore(folder.path);
  const ledgers = syntheticLedgers(100, 20);
  const late = writeLake(store, ledgers, { ledgersPerBatch: 8 });
  await assert.rejects(late, rejectsWith("lake/wrong-ledger", /100 does not begin an object/));
  const gap = writeLake(store, [...ledgers.slice(4, 6), ...ledgers.slice(8)], {
    ledgersPerBatch: 8,
  });
  await assert.rejects(gap, rejectsWith("lake/wrong-ledger", /108 does not follow ledger 105/));
  const other = writeLake(store, ledgers, { ledgersPerBatch: 4 });
  await assert.rejects(other, rejectsWith("lake/bad-manifest", /another network or layout/));
});

test("doctor is told whether the lake answers", async () => {
  using folder = temporaryFolder();
  await writeLake(openStore(folder.path), syntheticLedgers(2, 2), {});
  const check = async (config: Record<string, unknown>) => {
    const [result, ...others] = await galexie.check?.(lakeContext(config)) ?? [];
    assert.deepEqual(others, []);
    return result;
  };
  const ok = await check({ url: folder.path });
  assert.deepEqual([ok?.status, ok?.target], ["ok", folder.path]);
  assert.equal((await check({}))?.status, "failed");
  const gone = await check({ url: join(folder.path, "nothing") });
  assert.deepEqual([gone?.status, /no folder/.test(gone?.detail ?? "")], ["failed", true]);
  const secret = await check({ url: "https://user:hidden@127.0.0.1:1/lake?sig=hidden" });
  assert.equal(secret?.status, "failed");
  assert.doesNotMatch(JSON.stringify(secret), /hidden/);
});
