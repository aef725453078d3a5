import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { anyRow, everyType } from "../../../tests/support/arbitrary-rows.ts";
import {
  parquetNames,
  parquetRowCount,
  parquetRows,
} from "../../../tests/support/parquet-files.ts";
import { inTemporaryFolder, sinkContext, testBatch } from "../../../tests/support/sink-context.ts";
import { jsonText } from "../../events/json.ts";
import type { Json, Row, Value } from "../../flow/batch.ts";
import { parquet } from "./definition.ts";

/** As hyparquet reads them: amounts as floats, JSON parsed, lists that are null as undefined. */
function readBack(value: Value, type: string): unknown {
  if (value === null) return type === "strings" ? undefined : null;
  if (type === "json") return JSON.parse(jsonText(value as Json));
  return value;
}

function assertSame(got: unknown, value: Value, type: string, name: string): void {
  if (type === "decimal" && value !== null) {
    const exact = Number(value);
    assert.ok(Math.abs(Number(got) - exact) <= Math.abs(exact) * 1e-12, `${name}: ${got} ${value}`);
  } else {
    assert.deepEqual(wellFormed(got), wellFormed(readBack(value, type)), name);
  }
}

for (const compression of ["zstd", "snappy", "none"]) {
  test(`every column type reads back, compression ${compression}`, async () => {
    await inTemporaryFolder(async (folder) => {
      let count = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyRow(), { minLength: 1, maxLength: 30 }), async (rows) => {
          const path = join(folder, String(count++));
          const sink = await parquet.create(sinkContext(parquet, { path, compression }));
          await sink.open();
          await sink.write(testBatch(1, [everyType, rows]));
          await sink.commit("final");
          await sink.close();
          const file = join(path, "every_type-0000000001-0000000001.parquet");
          assert.equal(parquetRowCount(file), BigInt(rows.length));
          const read = await parquetRows(file);
          for (const [index, row] of rows.entries()) {
            for (const { name, type } of everyType.columns) {
              assertSame(read[index]?.[name], row[name] ?? null, type, name);
            }
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}

/** Rows that repeat each other or do not, with values that fill a page or are not there at all. */
function anyLedgers(): fc.Arbitrary<Row[][]> {
  const pool = fc.array(anyRow(), { minLength: 1, maxLength: 6 });
  const shape = fc.record({
    rows: fc.integer({ min: 0, max: 120 }),
    distinct: fc.boolean(),
    missing: fc.boolean(),
    large: fc.boolean(),
  });
  return fc.tuple(pool, fc.array(shape, { minLength: 1, maxLength: 6 })).map(([pool, shapes]) =>
    shapes.map(({ rows, distinct, missing, large }, ledger) =>
      Array.from({ length: rows }, (_, index): Row => {
        const id = `${ledger}-${index}`;
        const row: Record<string, Value> = { ...pool[index % pool.length], event_id: id };
        if (missing) return nothingBut(id);
        if (distinct) row["a_string"] = `string ${id}`;
        if (large) row["a_string"] = id.padStart(20_000, `${index % 7}`);
        return row;
      })
    )
  );
}

function nothingBut(event_id: string): Row {
  return Object.fromEntries(
    everyType.columns.map(({ name }) => [name, name === "event_id" ? event_id : null]),
  );
}

test("ledgers of all shapes read back, sealed pages and dictionaries in turn", async () => {
  await inTemporaryFolder(async (folder) => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(anyLedgers(), fc.boolean(), async (ledgers, small) => {
        const path = join(folder, String(count++));
        const config = { path, buffer_bytes: small ? "1KiB" : "32MiB" };
        const sink = await parquet.create(sinkContext(parquet, config));
        await sink.open();
        for (const [index, rows] of ledgers.entries()) {
          await sink.write(testBatch(1 + index, [everyType, rows]));
        }
        await sink.commit("final");
        await sink.close();
        const rows = ledgers.flat();
        const [name] = parquetNames(path);
        if (rows.length === 0) return assert.equal(name, undefined);
        const read = await parquetRows(join(path, name ?? ""));
        assert.equal(read.length, rows.length);
        for (const [index, row] of rows.entries()) {
          for (const { name, type } of everyType.columns) {
            assertSame(read[index]?.[name], row[name] ?? null, type, name);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

/** UTF-8 has no lone surrogates: they become U+FFFD. */
function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).map((
    [key, item],
  ) => [key.toWellFormed(), wellFormed(item)]);
  return Object.fromEntries(entries);
}
