/** Rows that Stellar's own exporter made of the real ledgers, to compare ours with. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { EventType } from "../../src/events/event-type.ts";
import type { Row, Value } from "../../src/flow/batch.ts";
import type { Processor } from "../../src/flow/component.ts";
import { ledgerBatch } from "../../src/stellar/ledger-batch.ts";
import type { RealLedger } from "./ledgers.ts";
import { sharedPath } from "./shared.ts";

export type GoldenRow = Readonly<Record<string, unknown>>;

/** Go prints balances and amounts as floats. */
const TOLERANCE = 1e-9;

export function goldenRows(folder: string, table: string): GoldenRow[] {
  const path = sharedPath("ledgers", "golden", folder, `${table}.jsonl.gz`);
  if (!existsSync(path)) return [];
  const text = gunzipSync(readFileSync(path)).toString("utf8");
  return text.split("\n").filter((line) => line !== "").map(parseExact);
}

/** Integers that a number would round become bigints. */
function parseExact(line: string): GoldenRow {
  const quoted = line.replace(
    /("(?:[^"\\]|\\.)*")|(?<=[:,[])(-?\d{16,})(?=[,}\]])/g,
    (whole, text, digits) => text === undefined ? `"#${digits}"` : whole,
  );
  return JSON.parse(
    quoted,
    (_, value) =>
      typeof value === "string" && /^#-?\d{16,}$/.test(value) ? BigInt(value.slice(1)) : value,
  ) as GoldenRow;
}

/** All rows that a processor makes of the ledgers, in order. */
export async function rowsOf(
  processor: Processor,
  ledgers: readonly RealLedger[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { bytes, passphrase } of ledgers) {
    const batch = ledgerBatch({ source: "golden", network: passphrase, bytes });
    const made = await processor.process(batch);
    for (const group of made.groups) rows.push(...group.rows);
  }
  return rows;
}

/** Every column of the golden rows must equal ours, row for row, and no id may come twice. */
export function compareRows(
  type: EventType,
  ours: readonly Row[],
  golden: readonly GoldenRow[],
  skipped: readonly string[] = [],
): void {
  assert.equal(ours.length, golden.length, "number of rows");
  const types = new Map(type.columns.map((column) => [column.name, column.type]));
  const ids = new Set<Value>();
  for (const [index, expected] of golden.entries()) {
    const row = ours[index];
    assert.ok(row);
    assert.deepEqual(Object.keys(row), type.columns.map(({ name }) => name), "columns");
    for (const [column, value] of Object.entries(expected)) {
      if (skipped.includes(column)) continue;
      const columnType = types.get(column);
      assert.ok(columnType, `column ${column}`);
      compareValue(columnType, row[column], value, `row ${index}, ${column}`);
    }
    ids.add(row[type.id] ?? null);
  }
  assert.equal(ids.size, ours.length, "every event id once");
}

function compareValue(type: string, ours: Value | undefined, golden: unknown, where: string): void {
  if (golden === null || ours === null) return assert.equal(ours, golden, where);
  switch (type) {
    case "timestamp":
      assert.ok(ours instanceof Date, where);
      return assert.equal(ours.getTime(), Date.parse(String(golden)), where);
    case "int64":
    case "uint64":
      assert.equal(typeof ours, "bigint", where);
      return assert.equal(ours, BigInt(golden as number), where);
    case "decimal": {
      assert.match(String(ours), /^-?\d+(\.\d*[1-9])?$/, where);
      const difference = Math.abs(Number(ours) - Number(golden));
      return assert.ok(difference <= TOLERANCE * Math.abs(Number(golden)), where);
    }
    case "json":
      return compareJson(ours, golden, where);
    default:
      return assert.deepEqual(ours, golden, where);
  }
}

/** Our exact amounts are texts where Go has floats; our whole numbers are often bigints. */
function compareJson(ours: unknown, golden: unknown, where: string): void {
  if (typeof golden === "number" || typeof golden === "bigint") {
    if (typeof ours === "bigint" || Number.isInteger(ours)) {
      return assert.equal(BigInt(ours as bigint), BigInt(golden), where);
    }
    const difference = Math.abs(Number(ours) - Number(golden));
    return assert.ok(
      difference <= TOLERANCE * Math.abs(Number(golden)),
      `${where}: ${String(ours)} for ${golden}`,
    );
  }
  if (typeof golden !== "object" || golden === null) return assert.equal(ours, golden, where);
  assert.ok(typeof ours === "object" && ours !== null, where);
  const names = (value: object) => Object.keys(value).sort();
  assert.deepEqual(names(ours), names(golden), `${where}: keys`);
  const members = new Map<string, unknown>(Object.entries(ours));
  for (const [name, value] of Object.entries(golden)) {
    compareJson(members.get(name), value, `${where}.${name}`);
  }
}
