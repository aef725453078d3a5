/**
 * The head of the chain: from the bytes of a dense ledger in hand to its rows committed in SQLite,
 * through a whole pipeline. Ledgers come one by one, as the network's do, but sooner.
 */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tokenTransferEvent } from "../../../src/events/token-transfer.ts";
import { countRows } from "../../../src/flow/batch.ts";
import { defineProcessor, defineSource } from "../../../src/flow/define.ts";
import { COMMIT_PAUSE_ms } from "../../../src/flow/sink-node.ts";
import { run } from "../../../src/library/run.ts";
import { createTokenTransfer } from "../../../src/processors/token-transfer/token-transfer.ts";
import { LOG_IDLE_ms } from "../../../src/sinks/sqlite/sqlite-log.ts";
import { galexie } from "../../../src/sources/galexie/galexie.ts";
import { ledgerBatch, ledgerBytes } from "../../../src/stellar/ledger-batch.ts";
import { verifyLedger } from "../../../src/stellar/verify.ts";
import { testContext } from "../../../tests/support/sink-context.ts";
import { type BenchLake, denseLake } from "./lakes.ts";
import { atMost, figure, median, megabytes, percentile } from "./section.ts";
import type { BenchContext, BenchPart, Section } from "./section.ts";

const TARGET_p99_ms = 140;

const QUICK = { ledgers: 6, rounds: 3 } as const;
const FULL = { ledgers: 12, rounds: 9 } as const;

/** Of each run, which has a database of its own: until the code is compiled. */
const WARM_UP_ROUNDS = 1;

/** From one ledger's commit to the next ledger. The network closes one every five seconds. */
const BETWEEN_LEDGERS_ms = COMMIT_PAUSE_ms + 2 * LOG_IDLE_ms;

/** When a ledger was how far, and what it gave. */
interface Course {
  readonly came_ms: number;
  readonly verified_ms: number;
  extracted_ms: number;
  committed_ms: number;
  rows: number;
}

async function measure(context: BenchContext): Promise<Section> {
  const size = context.quick ? QUICK : FULL;
  const lake = await denseLake(size.ledgers);
  const ledgers = await readLake(lake);
  const courses: Course[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + size.rounds; round++) {
    const seen = await follow(lake, ledgers, join(context.folder, `head-${round}`));
    if (round >= WARM_UP_ROUNDS) courses.push(...seen);
    context.note(`round ${round + 1} of ${WARM_UP_ROUNDS + size.rounds}`);
  }
  return sectionOf(lake, courses);
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

/** One run over all the ledgers. */
async function follow(
  { first, last, network }: BenchLake,
  ledgers: readonly Uint8Array[],
  folder: string,
): Promise<readonly Course[]> {
  const courses = new Map<number, Course>();
  let committed = Promise.withResolvers<void>();

  const chain = defineSource({
    name: "chain",
    create: (_config, { spec }) => ({
      bounds: () => Promise.resolve({ from: first, to: last }),
      async *read() {
        for (const [index, ledger] of ledgers.entries()) {
          await sleep(BETWEEN_LEDGERS_ms);
          committed = Promise.withResolvers();
          // A new array on the same memory: what is known of a ledger is remembered by its array.
          const bytes = ledger.subarray();
          const came_ms = performance.now();
          verifyLedger(bytes);
          const verified_ms = performance.now();
          const later = { extracted_ms: NaN, committed_ms: NaN, rows: 0 };
          courses.set(first + index, { came_ms, verified_ms, ...later });
          yield ledgerBatch({ source: spec.id, network, bytes });
          await committed.promise;
        }
      },
      committed(sequence) {
        const course = courses.get(sequence);
        // The last ledger's position is told again when the run ends.
        if (course !== undefined && Number.isNaN(course.committed_ms)) {
          course.committed_ms = performance.now();
        }
        committed.resolve();
      },
      close: () => Promise.resolve(),
    }),
  });

  const transfers = defineProcessor({
    name: "transfers",
    emits: [tokenTransferEvent.name],
    create() {
      const processor = createTokenTransfer({ transfers_from: "auto" });
      return {
        async process(batch) {
          const made = await processor.process(batch);
          const course = courses.get(batch.sequence);
          if (course !== undefined) {
            course.rows = countRows(made);
            course.extracted_ms = performance.now();
          }
          return made;
        },
      };
    },
  });

  await run({
    name: "head",
    sources: [{ id: "core", type: chain }],
    processors: [{ id: "transfers", type: transfers, inputs: ["core"] }],
    sinks: [{
      id: "rows",
      type: "sqlite",
      inputs: ["transfers"],
      config: { path: join(folder, "rows.db") },
    }],
  }, { stateDir: join(folder, "state") });
  return [...courses.values()];
}

function sectionOf(lake: BenchLake, courses: readonly Course[]): Section {
  const totals = courses.map(({ came_ms, committed_ms }) => committed_ms - came_ms);
  const p99 = percentile(totals, 0.99);
  const stages: readonly (readonly [string, readonly number[]])[] = [
    ["hashes checked", courses.map((one) => one.verified_ms - one.came_ms)],
    ["rows made", courses.map((one) => one.extracted_ms - one.verified_ms)],
    ["rows and checkpoint committed", courses.map((one) => one.committed_ms - one.extracted_ms)],
    ["all", totals],
  ];
  const rows = median(courses.map((one) => one.rows));
  return {
    method: `Token transfers of ${lake.title}, ${megabytes(lake.bytes / lake.ledgers)} MB of XDR ` +
      `and ${rows} rows each, ${courses.length} times, through a pipeline that runs: all hashes ` +
      "checked, the rows made, written to SQLite and committed with the checkpoint; each ledger " +
      `by itself, ${BETWEEN_LEDGERS_ms} ms after the commit of the one before.`,
    columns: ["stage", "lowest, ms", "median, ms", "p99, ms"],
    rows: stages.map(([name, ms]) => [
      name,
      ...[Math.min(...ms), median(ms), percentile(ms, 0.99)].map(figure),
    ]),
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
