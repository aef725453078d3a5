import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { anyRow, everyType } from "../../../tests/support/arbitrary-rows.ts";
import { testBatch } from "../../../tests/support/sink-context.ts";
import { createSink } from "../../../tests/support/sql-sink-contract.ts";
import { jsonText } from "../../events/json.ts";
import { isoTimestamp } from "../../events/timestamp.ts";
import type { ColumnType } from "../../events/event-type.ts";
import type { Json, Row, Value } from "../../flow/batch.ts";
import type { SqliteRow } from "../../runtime/sqlite.ts";
import { openSqlite } from "../../runtime/sqlite.ts";
import { sqlite } from "./sqlite.ts";

function expected(type: ColumnType, value: Value): unknown {
  if (value === null) return null;
  switch (type) {
    case "string":
      return Buffer.from(String(value).replaceAll("\0", "\ufffd"), "utf8").toString("utf8");
    case "int32":
      return BigInt(value as number);
    case "uint64":
      return (value as bigint) >= 2n ** 63n ? String(value) : value;
    case "boolean":
      return value === true ? 1n : 0n;
    case "timestamp":
      return isoTimestamp(value as Date);
    case "strings":
    case "json":
      return jsonText(value as Json);
    case "bytes":
      return Buffer.from(value as Uint8Array).toString("hex");
    default:
      return value;
  }
}

async function roundTrip(rows: readonly Row[]): Promise<readonly SqliteRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-sqlite-"));
  const path = join(folder, "values.db");
  try {
    const sink = await createSink({ definition: sqlite }, { config: { path } });
    await sink.open();
    await sink.write(testBatch(1, [everyType, rows]));
    await sink.commit("final");
    await sink.close();
    const database = openSqlite(path, { bigints: true });
    const read = database.prepare("SELECT * FROM every_type").all();
    database.close();
    return read;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function assertComesBack(rows: readonly Row[]): Promise<void> {
  const read = await roundTrip(rows);
  assert.equal(read.length, rows.length);
  for (const [i, row] of rows.entries()) {
    for (const { name, type } of everyType.columns) {
      const value = read[i]?.[name];
      const shown = value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
      const wanted = expected(type, row[name] ?? null);
      // SQLite does not tell -0 from 0.
      if (type === "double" && wanted === 0) assert.ok(shown === 0, name);
      else assert.deepEqual(shown, wanted, name);
    }
  }
}

test("sqlite: extremes of every type come back", async () => {
  const extremes: Row = {
    event_id: "extremes",
    a_string: "\u{1F600}\t\0'\"\r\n",
    a_int32: -(2 ** 31),
    a_int64: -(2n ** 63n),
    a_uint64: 2n ** 64n - 1n,
    a_double: Infinity,
    a_decimal: "-17014118346046923173168730371588.4105728",
    a_boolean: true,
    a_timestamp: new Date("2026-06-19T00:20:52.500Z"),
    a_bytes: new Uint8Array([0, 255]),
    a_strings: ["", "null", '"', "\0"],
    a_json: { "a\0b": [2n ** 255n, "\ud800"] },
  };
  const middle: Row = {
    ...extremes,
    event_id: "middle",
    a_int32: 2 ** 31 - 1,
    a_int64: 2n ** 53n + 1n,
    a_uint64: 2n ** 63n - 1n,
    a_double: -Infinity,
    a_string: "",
    a_bytes: new Uint8Array(),
    a_strings: [],
  };
  const nothing: Row = { event_id: "nothing" };
  await assertComesBack([extremes, middle, nothing]);
  await assert.rejects(
    () => roundTrip([{ event_id: "nan", a_double: NaN }]),
    /column a_double \(double\) of event nan cannot hold "NaN"/,
  );
});

test("sqlite: any row comes back", async () => {
  const rows = fc.array(anyRow(), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(rows, async (drawn) => {
      await assertComesBack(drawn.map((row, i): Row => ({ ...row, event_id: `row-${i}` })));
    }),
    { numRuns: 10 },
  );
});
