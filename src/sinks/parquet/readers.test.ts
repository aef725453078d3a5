import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { anyRow, everyType } from "../../../tests/support/arbitrary-rows.ts";
import { python, pythonMissing } from "../../../tests/support/python.ts";
import { inTemporaryFolder, sinkContext, testBatch } from "../../../tests/support/sink-context.ts";
import { jsonText } from "../../events/json.ts";
import type { Json, Row, Value } from "../../flow/batch.ts";
import { parquet } from "./definition.ts";

const READ = `
import sys, json, base64, duckdb, pyarrow.parquet as pq
path = sys.argv[1]
def plain(v):
    if isinstance(v, bytes): return base64.b64encode(v).decode()
    if isinstance(v, bool) or v is None: return v
    if isinstance(v, list): return [plain(x) for x in v]
    if hasattr(v, "astimezone"):
        from datetime import datetime, timezone, timedelta
        return str((v.astimezone(timezone.utc) - datetime(1970,1,1,tzinfo=timezone.utc)) // timedelta(milliseconds=1))
    if isinstance(v, float): return v.hex()
    if hasattr(v, "as_tuple"): return format(v, "f")
    return str(v)
table = pq.read_table(path)
duck = duckdb.connect()
duck.execute("set TimeZone='UTC'")
described = duck.execute("describe select * from read_parquet(?)", [path]).fetchall()
print(json.dumps({
  "arrow": {f.name: str(f.type) for f in table.schema},
  "duck": {d[0]: d[1] for d in described},
  "arrow_rows": [[plain(v) for v in row.values()] for row in table.to_pylist()],
  "duck_rows": [[plain(v) for v in row] for row in duck.execute("select * replace (epoch_ms(a_timestamp)::varchar as a_timestamp) from read_parquet(?)", [path]).fetchall()],
}))
`;

const ARROW_TYPES: Readonly<Record<string, string>> = {
  a_string: "string",
  a_int32: "int32",
  a_int64: "int64",
  a_uint64: "uint64",
  a_double: "double",
  a_decimal: "decimal128(38, 7)",
  a_boolean: "bool",
  a_timestamp: "timestamp[us, tz=UTC]",
  a_bytes: "binary",
};

const DUCK_TYPES: Readonly<Record<string, string>> = {
  a_string: "VARCHAR",
  a_int32: "INTEGER",
  a_int64: "BIGINT",
  a_uint64: "UBIGINT",
  a_double: "DOUBLE",
  a_decimal: "DECIMAL(38,7)",
  a_boolean: "BOOLEAN",
  a_timestamp: "TIMESTAMP WITH TIME ZONE",
  a_bytes: "BLOB",
  a_strings: "VARCHAR[]",
  a_json: "JSON",
};

function wellFormed(value: Json): Json {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  const entries = Object.entries(value).map((
    [key, item],
  ) => [key.toWellFormed(), wellFormed(item)]);
  return Object.fromEntries(entries);
}

/** A value as the script prints it. */
function printed(value: Value, type: string): unknown {
  if (value === null || typeof value === "boolean" && type === "boolean") return value;
  if (type === "json") return jsonText(wellFormed(value as Json));
  if (value instanceof Date) return String(value.getTime());
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (type === "strings") return (value as string[]).map((item) => item.toWellFormed());
  return String(value).toWellFormed();
}

function sameDouble(hex: unknown, value: Value): boolean {
  const match = /^(-?)0x([01])\.([0-9a-f]+)p([-+][0-9]+)$/.exec(String(hex));
  if (match === null) return hex === value;
  const [, sign, whole, fraction = "", exponent] = match;
  const mantissa = Number(whole) + Number.parseInt(fraction, 16) / 16 ** fraction.length;
  // In two steps: 2 ** -1074 alone is exact, but a smaller product of it is not.
  const half = Math.trunc(Number(exponent) / 2);
  return (sign === "-" ? -mantissa : mantissa) * 2 ** half * 2 ** (Number(exponent) - half) ===
    value;
}

function assertRows(rows: readonly Row[], read: readonly (readonly unknown[])[]): void {
  assert.equal(read.length, rows.length);
  for (const [index, row] of rows.entries()) {
    for (const [at, { name, type }] of everyType.columns.entries()) {
      const value = row[name] ?? null;
      const got = read[index]?.[at];
      if (type === "double") assert.ok(sameDouble(got, value), `${name}: ${got} ${value}`);
      else if (type === "decimal" && value !== null) {
        assert.equal(withPlaces(String(got)), withPlaces(String(value)), name);
      } else assert.deepEqual(got, printed(value, type), name);
    }
  }
}

function withPlaces(decimal: string): string {
  const [whole = "", places = ""] = decimal.split(".");
  return `${whole}.${places.padEnd(7, "0")}`;
}

const skip = pythonMissing === false ? "" : ` (skipped: ${pythonMissing})`;

test(`pyarrow and DuckDB read types and values exactly${skip}`, { skip: skip !== "" }, async () => {
  await inTemporaryFolder(async (folder) => {
    const rows = fc.sample(anyRow(), { numRuns: 300, seed: 7 });
    const sink = await parquet.create(sinkContext(parquet, { path: folder }));
    await sink.open();
    await sink.write(testBatch(1, [everyType, rows]));
    await sink.commit("final");
    await sink.close();
    const path = join(folder, "every_type-0000000001-0000000001.parquet");
    const child = spawnSync(python, ["-c", READ, path], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    assert.equal(child.status, 0, child.stderr);
    const read = JSON.parse(child.stdout);
    for (const [name, type] of Object.entries(ARROW_TYPES)) assert.equal(read.arrow[name], type);
    for (const [name, type] of Object.entries(DUCK_TYPES)) assert.equal(read.duck[name], type);
    assert.match(read.arrow["a_strings"], /^list<element: string/);
    assertRows(rows, read.arrow_rows);
    assertRows(rows, read.duck_rows);
  });
});
