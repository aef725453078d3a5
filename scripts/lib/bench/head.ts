/**
 * The head of the chain: from the bytes of a dense ledger in hand to its rows committed in SQLite,
 * in one process, one ledger after the other.
 */

import { join } from "node:path";
import { sqlite } from "../../../src/sinks/sqlite/sqlite.ts";
import { createTokenTransfer } from "../../../src/processors/token-transfer/token-transfer.ts";
import type { Sink } from "../../../src/flow/component.ts";
import { galexie } from "../../../src/sources/galexie/galexie.ts";
import { ledgerBatch, ledgerBytes } from "../../../src/stellar/ledger-batch.ts";
import { verifyLedger } from "../../../src/stellar/verify.ts";
import { sinkContext, testContext } from "../../../tests/support/sink-context.ts";
import { type BenchLake, denseLake } from "./lakes.ts";
import { atMost, figure, median, megabytes, percentile } from "./section.ts";
import type { BenchContext, BenchPart, Section } from "./section.ts";

const TARGET_p99_ms = 140;

const QUICK = { ledgers: 6, rounds: 3 } as const;
const FULL = { ledgers: 12, rounds: 12 } as const;

/** Of each round, which has a database of its own: until the code is compiled. */
const WARM_UP_ROUNDS = 1;

interface Timed {
  readonly verify_ms: number;
  readonly extract_ms: number;
  readonly commit_ms: number;
  readonly rows: number;
}

async function measure(context: BenchContext): Promise<Section> {
  const size = context.quick ? QUICK : FULL;
  const lake = await denseLake(size.ledgers);
  const ledgers = await readLake(lake);
  const samples: Timed[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + size.rounds; round++) {
    const sink = await sqlite.create(
      sinkContext(sqlite, { path: join(context.folder, `head-${round}.db`) }),
    );
    await sink.open();
    try {
      for (const bytes of ledgers) {
        const timed = await takeLedger(lake, bytes, sink);
        if (round >= WARM_UP_ROUNDS) samples.push(timed);
      }
    } finally {
      await sink.close();
    }
    context.note(`round ${round + 1} of ${WARM_UP_ROUNDS + size.rounds}`);
  }
  return sectionOf(lake, samples);
}

async function readLake({ path, first, last }: BenchLake): Promise<Uint8Array[]> {
  const source = await galexie.create(testContext(galexie, { url: path }));
  const ledgers: Uint8Array[] = [];
  for await (const batch of source.read({ from: first, to: last, wait: false })) {
    const bytes = ledgerBytes(batch);
    if (bytes !== undefined) ledgers.push(bytes);
  }
  await source.close();
  return ledgers;
}

async function takeLedger({ network }: BenchLake, bytes: Uint8Array, sink: Sink): Promise<Timed> {
  // A new array on the same memory: what is known of a ledger is remembered by its array.
  const fresh = bytes.subarray();
  const start = performance.now();
  verifyLedger(fresh);
  const verified = performance.now();
  const batch = ledgerBatch({ source: "core", network, bytes: fresh });
  const made = await transfers.process(batch);
  const extracted = performance.now();
  await sink.write(made);
  await sink.commit("interval");
  const committed = performance.now();
  return {
    verify_ms: verified - start,
    extract_ms: extracted - verified,
    commit_ms: committed - extracted,
    rows: made.groups.reduce((sum, { rows }) => sum + rows.length, 0),
  };
}

const transfers = createTokenTransfer({ transfers_from: "auto" });

function sectionOf(lake: BenchLake, samples: readonly Timed[]): Section {
  const totals = samples.map((one) => one.verify_ms + one.extract_ms + one.commit_ms);
  const p99 = percentile(totals, 0.99);
  const stages: readonly (readonly [string, readonly number[]])[] = [
    ["hashes checked", samples.map(({ verify_ms }) => verify_ms)],
    ["rows made", samples.map(({ extract_ms }) => extract_ms)],
    ["rows and checkpoint committed", samples.map(({ commit_ms }) => commit_ms)],
    ["all", totals],
  ];
  const rows = median(samples.map((one) => one.rows));
  return {
    method: `Token transfers of ${lake.title}, ${megabytes(lake.bytes / lake.ledgers)} MB of XDR ` +
      `and ${rows} rows each, ${samples.length} times: all hashes checked, the rows made, written ` +
      "to SQLite and committed with the checkpoint, each ledger by itself.",
    columns: ["stage", "median, ms", "p99, ms"],
    rows: stages.map(([name, ms]) => [name, figure(median(ms)), figure(percentile(ms, 0.99))]),
    targets: [
      atMost(TARGET_p99_ms, { what: "dense ledger to SQLite, p99", unit: "ms", seen: p99 }),
    ],
    notMeasured: ["How long the network takes to hand over the ledger's bytes."],
    summary: `dense ledger to SQLite: median ${figure(median(totals))} ms, p99 ${figure(p99)} ms`,
  };
}

export const head: BenchPart = {
  name: "head",
  title: "Head of the chain: a dense ledger to SQLite",
  inQuick: false,
  measure,
};
