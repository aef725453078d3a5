import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { anyRow, everyType } from "../../../tests/support/arbitrary-rows.ts";
import { postgresMissing, postgresServer } from "../../../tests/support/postgres.ts";
import { postgresTarget } from "../../../tests/support/postgres-target.ts";
import { testBatch } from "../../../tests/support/sink-context.ts";
import { createSink } from "../../../tests/support/sql-sink-contract.ts";
import { jsonText } from "../../events/json.ts";
import type { Json, Row, Value } from "../../flow/batch.ts";
import { postgres } from "./postgres.ts";

/** Each column as a text that can be compared. */
const READ = `SELECT event_id, a_string, a_int32::text, a_int64::text, a_uint64::text,
  a_double::text, a_decimal::text, a_boolean::text,
  (extract(epoch FROM a_timestamp) * 1000)::bigint::text, encode(a_bytes, 'hex'),
  array_to_json(a_strings)::text, a_json::text FROM every_type`;

function storable(text: string): string {
  return Buffer.from(text.replaceAll("\0", "\ufffd"), "utf8").toString("utf8");
}

/** Strings as PostgreSQL can hold them, numbers as doubles, -0 as 0. */
function storableJson(value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  if (typeof value === "number") return value + 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(storableJson);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), storableJson(item)]),
  );
}

function parsed(text: string): unknown {
  return storableJson(JSON.parse(text));
}

function expected(value: Value | undefined, read: string | null): [unknown, unknown] {
  if (value === null || value === undefined || read === null) return [value, read];
  if (value instanceof Date) return [value.getTime(), Number(read)];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString("hex"), read];
  if (typeof value === "number") return [value, Number(read)];
  if (typeof value === "string") return [storable(value), read];
  return [String(value), read];
}

const EXTREMES: Row = {
  event_id: "extremes",
  a_string: "\u{1F600}\t\\N\\.\0\r\n",
  a_int32: -(2 ** 31),
  a_int64: -(2n ** 63n),
  a_uint64: 2n ** 64n - 1n,
  a_double: -Infinity,
  a_decimal: "-17014118346046923173168730371588.4105728",
  a_boolean: false,
  a_timestamp: new Date("9999-12-31T23:59:59.999Z"),
  a_bytes: new Uint8Array([0, 255, 92]),
  a_strings: ["", "NULL", 'a"b\\c', "{}", ",", "\0"],
  a_json: { "a\0b": [2n ** 255n, "\ud800", "\\u0000", "\0"], "\\": null },
};
const EMPTY: Row = {
  ...EXTREMES,
  event_id: "empty",
  a_string: "",
  a_bytes: new Uint8Array(),
  a_strings: [],
  a_json: {},
  a_double: NaN,
};
const NOTHING: Row = Object.fromEntries(
  everyType.columns.map(({ name }) => [name, name === "event_id" ? "nothing" : null]),
);

async function roundTrip(rows: readonly Row[]): Promise<readonly (readonly (string | null)[])[]> {
  const target = postgresTarget(await postgresServer());
  try {
    const sink = await createSink({ definition: postgres }, target);
    await sink.open();
    await sink.write(testBatch(1, [everyType, rows]));
    await sink.commit("final");
    await sink.close();
    return await target.query(READ);
  } finally {
    await target.dispose();
  }
}

function assertSame(row: Row, read: readonly (string | null)[]): void {
  for (const [i, { name, type }] of everyType.columns.entries()) {
    const value = row[name] ?? null;
    const text = read[i] ?? null;
    if (text !== null && value !== null && (type === "json" || type === "strings")) {
      assert.deepEqual(parsed(text), parsed(jsonText(value as Json)), name);
      continue;
    }
    const [left, right] = expected(value, text);
    assert.deepEqual(right, left, name);
  }
}

if (postgresMissing) {
  test(`postgres values (skipped: ${postgresMissing})`, { skip: true }, () => {});
} else {
  test("postgres: extremes of every type come back", async () => {
    const read = await roundTrip([EXTREMES, EMPTY, NOTHING]);
    assert.equal(read.length, 3);
    for (const row of [EXTREMES, EMPTY, NOTHING]) {
      assertSame(row, read.find(([id]) => id === row["event_id"]) ?? []);
    }
    const [extremes] = read;
    assert.equal(
      extremes?.at(-1),
      `{"\\\\": null, "a\ufffdb": [${2n ** 255n}, "\ufffd", "\\\\u0000", "\ufffd"]}`,
    );
  });

  test("postgres: any row comes back", async () => {
    const rows = fc.array(anyRow(), { minLength: 50, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(rows, async (drawn) => {
        const numbered = drawn.map((row, i): Row => ({ ...row, event_id: `row-${i}` }));
        const read = new Map((await roundTrip(numbered)).map((row) => [row[0], row]));
        assert.equal(read.size, numbered.length);
        for (const row of numbered) assertSame(row, read.get(String(row["event_id"])) ?? []);
      }),
      { numRuns: 4 },
    );
  });
}
