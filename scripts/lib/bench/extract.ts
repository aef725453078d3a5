/**
 * Where the time goes between the compressed bytes of a mainnet ledger and its rows as JSON lines:
 * milliseconds a ledger of each stage and of each of Hubble's tables, in the order in which `hubble`
 * makes them (who comes first pays for what the others share). Of each ledger's rounds the fastest
 * counts: what other programs take is left out, and most of what collecting garbage takes.
 * `bun scripts/lib/bench/extract.ts [TABLE…]`: of those tables alone.
 */

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { parse } from "valibot";
import { JsonRows } from "../../../src/events/json-rows.ts";
import type { Batch } from "../../../src/flow/batch.ts";
import type { ComponentContext, Processor } from "../../../src/flow/component.ts";
import { chooseTables } from "../../../src/processors/hubble/choose-tables.ts";
import type { HubbleTable } from "../../../src/processors/hubble/tables.ts";
import { zstdDecompress } from "../../../src/runtime/zstd.ts";
import { encodedGroups, rowEncoder } from "../../../src/sinks/files/row-encoder.ts";
import { ledgerBatch } from "../../../src/stellar/ledger-batch.ts";
import { verifyLedger } from "../../../src/stellar/verify.ts";
import { sharedMissing, sharedPath } from "../../../tests/support/shared.ts";

const WARM_UP_ROUNDS = 8;
const ROUNDS = 30;
const MAX_LEDGER_BYTES = 64 * 1024 * 1024;
const NETWORK = "Public Global Stellar Network ; September 2015";

/** A LedgerCloseMetaBatch of one ledger: start, end and count stand in front. */
const BATCH_HEADER_BYTES = 12;

if (sharedMissing !== false) {
  console.log(`not measured: ${sharedMissing}`);
  process.exit(0);
}

const folder = sharedPath("ledgers", "pubnet-lake", "FC3E15FF--63040000-63103999");
const objects = readdirSync(folder).sort().reverse().map((name) =>
  readFileSync(`${folder}/${name}`)
);

interface Table {
  readonly name: string;
  readonly processor: Processor;
  /** As the sink of JSON lines does; how many bytes. */
  readonly write: (batch: Batch) => number;
  rows: number;
  json_bytes: number;
}

const tables: Table[] = [];
for (const table of chooseTables(process.argv.slice(2))) tables.push(await openTable(table));
/** By stage and ledger. */
const best_ms = new Map<string, number[]>();
let measuring = false;

for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
  measuring = round >= WARM_UP_ROUNDS;
  for (const [index, object] of objects.entries()) await readLedger(object, index);
}

const per = objects.length * ROUNDS;
for (const stage of best_ms.keys()) report(stage, (other) => other === stage);
report("rows of all tables", (stage) => stage.endsWith(", rows"));
report("JSON of all tables", (stage) => stage.endsWith(", JSON"));
report("everything", () => true);
for (const { name, rows, json_bytes } of tables) {
  const shape = `${(rows / per).toFixed(0)} rows, ${
    (json_bytes / 1e3 / per).toFixed(1)
  } kB of JSON`;
  console.log(`${name.padEnd(30)} ${shape}`);
}

async function readLedger(object: Uint8Array, index: number): Promise<void> {
  const content = await timed(index, "decompress", () => zstdDecompress(object, MAX_LEDGER_BYTES));
  const bytes = content.subarray(BATCH_HEADER_BYTES);
  await timed(index, "hashes and walk", () => verifyLedger(bytes));
  const batch = ledgerBatch({ source: "bench", network: NETWORK, bytes });
  for (const table of tables) {
    const { name, processor, write } = table;
    const made = await timed(index, `${name}, rows`, () => processor.process(batch));
    const json_bytes = await timed(index, `${name}, JSON`, () => write(made));
    if (!measuring) continue;
    table.json_bytes += json_bytes;
    for (const { rows } of made.groups) table.rows += rows.length;
  }
}

async function timed<T>(
  ledger: number,
  stage: string,
  work: () => T | Promise<T>,
): Promise<T> {
  const start = performance.now();
  const result = await work();
  const ms = performance.now() - start;
  if (!measuring) return result;
  let best = best_ms.get(stage);
  if (best === undefined) best_ms.set(stage, best = []);
  best[ledger] = Math.min(best[ledger] ?? Infinity, ms);
  return result;
}

function report(what: string, chosen: (stage: string) => boolean): void {
  let ms = 0;
  for (const [stage, best] of best_ms) {
    if (chosen(stage)) ms += best.reduce((sum, own) => sum + own, 0) / best.length;
  }
  console.log(`${what.padEnd(30)} ${ms.toFixed(2)}`);
}

async function openTable({ definition, config }: HubbleTable): Promise<Table> {
  const spec = { config: parse(definition.configSchema, config ?? {}) };
  // Of its context, such a processor uses the config alone.
  const context = { spec } as unknown as ComponentContext;
  const encode = rowEncoder({ header: undefined, lines: (type) => new JsonRows(type) });
  return {
    name: definition.name,
    processor: await definition.create(context),
    write: (batch) => {
      let bytes = 0;
      for (const { pieces } of encodedGroups(encode(batch))) {
        for (const piece of pieces) bytes += piece.length;
      }
      return bytes;
    },
    rows: 0,
    json_bytes: 0,
  };
}
