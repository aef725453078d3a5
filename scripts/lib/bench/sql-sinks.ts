/**
 * Rows per second into the database sinks, with rows like token transfers.
 *
 *     bun scripts/lib/bench/sql-sinks.ts [rows]
 */

import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { ColumnType, EventType } from "../../../src/events/event-type.ts";
import type { Batch, Row } from "../../../src/flow/batch.ts";
import type { SinkDefinition } from "../../../src/flow/component.ts";
import { postgres } from "../../../src/sinks/postgres/postgres.ts";
import { sqlite } from "../../../src/sinks/sqlite/sqlite.ts";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { sinkContext } from "../../../tests/support/sink-context.ts";

const ROWS = Number(process.argv[2] ?? 200_000);
const ROWS_PER_LEDGER = 600;
const LEDGERS_PER_COMMIT = 50;

const COLUMNS: readonly (readonly [name: string, type: ColumnType])[] = [
  ["event_id", "string"],
  ["transaction_hash", "string"],
  ["transaction_id", "int64"],
  ["operation_id", "int64"],
  ["event_topic", "string"],
  ["from", "string"],
  ["to", "string"],
  ["asset", "string"],
  ["asset_type", "string"],
  ["asset_code", "string"],
  ["asset_issuer", "string"],
  ["amount", "decimal"],
  ["amount_raw", "string"],
  ["contract_id", "string"],
  ["ledger_sequence", "int64"],
  ["closed_at", "timestamp"],
  ["to_muxed", "string"],
  ["to_muxed_id", "string"],
];

const transfers: EventType = {
  name: "bench.token_transfer.v1",
  aliases: [],
  table: "token_transfers",
  doc: "A transfer.",
  id: "event_id",
  columns: COLUMNS.map(([name, type]) => ({
    name,
    type,
    nullable: name !== "event_id",
    doc: `The ${name}.`,
  })),
};

function key(prefix: string, number: number): string {
  const hash = Math.imul(number + 1, 2654435761).toString(32).padStart(55, "QWERTYUIOPASDFGH");
  // One piece of memory, as text that was decoded is; a concatenation is joined when first read.
  return Buffer.from(prefix + hash).toString();
}

function row(sequence: number, index: number, closedAt: Date): Row {
  const transaction = BigInt(sequence) << 32n;
  const issuer = key("G", index % 7);
  return {
    event_id: `public:${sequence}:${index}`,
    transaction_hash: key("", sequence * ROWS_PER_LEDGER + index).toLowerCase(),
    transaction_id: transaction + BigInt(index * 4096),
    operation_id: transaction + BigInt(index * 4096 + 1),
    event_topic: "transfer",
    from: key("G", index),
    to: key("G", index + 1),
    asset: `credit_alphanum4:USDC:${issuer}`,
    asset_type: "credit_alphanum4",
    asset_code: "USDC",
    asset_issuer: issuer,
    amount: `${index}.8686995`,
    amount_raw: `${index}8686995`,
    contract_id: key("C", index % 7),
    ledger_sequence: BigInt(sequence),
    closed_at: closedAt,
    to_muxed: null,
    to_muxed_id: null,
  };
}

function batches(): Batch[] {
  return Array.from({ length: Math.ceil(ROWS / ROWS_PER_LEDGER) }, (_, i) => {
    const sequence = 63_000_000 + i;
    const closedAt = new Date(1_780_000_000_000 + i * 5_000);
    const rows = Array.from({ length: ROWS_PER_LEDGER }, (_, n) => row(sequence, n, closedAt));
    const groups = [{ type: transfers, rows }];
    return { source: "lake", sequence, network: "bench", closedAt, groups, bytes: 0 };
  });
}

async function bench(definition: SinkDefinition, config: Record<string, unknown>): Promise<void> {
  const input = batches();
  let longest_ms = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest_ms = Math.max(longest_ms, performance.now() - last);
    last = performance.now();
  }, 1);
  const started = performance.now();
  const sink = await definition.create(sinkContext(definition, config));
  await sink.open();
  for (const [i, batch] of input.entries()) {
    await sink.write(batch);
    await turn();
    if (i % LEDGERS_PER_COMMIT === LEDGERS_PER_COMMIT - 1) await sink.commit("interval");
  }
  await sink.commit("final");
  const rate = input.length * ROWS_PER_LEDGER / (performance.now() - started) * 1000;
  clearInterval(timer);
  await sink.close();
  console.log(
    `${definition.name}: ${Math.round(rate)} rows/s, longest pause ${Math.round(longest_ms)} ms`,
  );
}

const folder = mkdtempSync(join(tmpdir(), "flowctl-bench-"));
try {
  await bench(sqlite, { path: join(folder, "flow.db") });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (postgresMissing) console.log(`postgres: skipped: ${postgresMissing}`);
else await bench(postgres, { connection_string: (await postgresServer()).createDatabase() });
