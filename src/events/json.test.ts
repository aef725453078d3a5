import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { anyRow, everyType } from "../../tests/support/arbitrary-rows.ts";
import type { Json, Row, Value } from "../flow/batch.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ColumnType, EventType } from "./event-type.ts";
import { createRowWriter, JsonRows } from "./json-rows.ts";
import { jsonText, MAX_JSON_DEPTH } from "./json.ts";
import { isoTimestamp } from "./timestamp.ts";

/** Parsed JSON in which a number is its own digits after a `#`, so that nothing is rounded. */
function parseExact(text: string): unknown {
  const keepDigits = (_key: string, value: unknown, context: { source: string }) =>
    typeof value === "number" ? `#${context.source}` : value;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}

function exact(value: Json): unknown {
  if (typeof value === "bigint") return `#${value}`;
  if (typeof value === "number") return `#${value}`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(exact);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, exact(item)]));
}

function expected(type: ColumnType, value: Value): unknown {
  if (value === null) return null;
  if (type === "decimal") return `#${value}`;
  if (type === "double" && Object.is(value, -0)) return "#-0";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Date) return isoTimestamp(value);
  return exact(value as Json);
}

test("a row read back equals the row, digit for digit, keys in column order", () => {
  fc.assert(fc.property(fc.array(anyRow(), { minLength: 1, maxLength: 4 }), (rows) => {
    const write = createRowWriter(everyType);
    for (const row of [...rows, ...rows.slice(0, 1)]) {
      const parsed = parseExact(write(row)) as Record<string, unknown>;
      assert.deepEqual(Object.keys(parsed), everyType.columns.map((column) => column.name));
      for (const column of everyType.columns) {
        assert.deepEqual(parsed[column.name], expected(column.type, row[column.name] ?? null));
      }
    }
  }));
});

test("rows added one after the other are the lines of each by itself", () => {
  const some = fc.array(anyRow(), { minLength: 1, maxLength: 4 });
  // Rows that come again share all, and mixtures of two share some of their columns.
  const repeated = fc.tuple(some, fc.array(fc.nat(), { maxLength: 12 })).map(([rows, picks]) => [
    ...rows,
    ...picks.map((pick, index) => {
      const [one, other] = [rows[pick % rows.length], rows[index % rows.length]];
      return pick % 2 === 0 ? one ?? {} : mixed(one ?? {}, other ?? {});
    }),
  ]);
  fc.assert(fc.property(repeated, fc.nat(3), (rows, takeEvery) => {
    const lines = new JsonRows(everyType);
    let text = "";
    for (const [index, row] of rows.entries()) {
      lines.add(row);
      if (index % (takeEvery + 1) === takeEvery) text += Buffer.from(lines.take()).toString();
    }
    text += Buffer.from(lines.take()).toString();
    assert.equal(text, rows.map((row) => createRowWriter(everyType)(row) + "\n").join(""));
  }));
});

/** Every second column of each. */
function mixed(one: Row, other: Row): Row {
  const names = everyType.columns.map(({ name }) => name);
  return Object.fromEntries(
    names.map((name, index) => [name, (index % 2 === 0 ? one : other)[name] ?? null]),
  );
}

test("lines outgrow the memory that they start with, and a row that fails leaves no trace", () => {
  const lines = new JsonRows(oneColumn("string"));
  const long = "é\n".repeat(100_000);
  const texts = ["a", "a", long, long, "b"];
  for (const v of texts) lines.add({ v });
  assert.throws(() => lines.add({ v: Symbol("none") as unknown as string }));
  lines.add({ v: "b" });
  const written = Buffer.from(lines.take()).toString();
  assert.equal(written, [...texts, "b"].map((v) => JSON.stringify({ v }) + "\n").join(""));
});

test("a row is one line, and it is well-formed Unicode", () => {
  fc.assert(fc.property(anyRow(), (row) => {
    const text = createRowWriter(everyType)(row);
    assert.ok(!/[\n\r\ud800-\udbff](?![\udc00-\udfff])/.test(text));
    assert.equal(Buffer.from(text, "utf8").toString("utf8"), text);
  }));
});

function oneColumn(type: ColumnType): EventType {
  return {
    ...everyType,
    columns: [{ name: "v", type, nullable: true, doc: "V." }],
    id: "v",
  };
}

test("timestamps have a fraction only where there is one", () => {
  const write = createRowWriter(oneColumn("timestamp"));
  const at = (text: string) => write({ v: new Date(text) });
  assert.equal(at("2026-06-19T00:20:52Z"), '{"v":"2026-06-19T00:20:52Z"}');
  assert.equal(at("2026-06-19T00:20:50.500Z"), '{"v":"2026-06-19T00:20:50.5Z"}');
  assert.equal(at("2026-06-19T00:20:50.005Z"), '{"v":"2026-06-19T00:20:50.005Z"}');
});

test("a remembered text is not used for another value", () => {
  const write = createRowWriter(oneColumn("string"));
  const values = ["a", "a", "b", null, "b", "a", ""];
  const texts = values.map((v) => write({ v }));
  const lines = new JsonRows(oneColumn("string"));
  for (const v of values) lines.add({ v });
  assert.equal(Buffer.from(lines.take()).toString(), texts.map((text) => text + "\n").join(""));
  assert.deepEqual(texts, values.map((v) => JSON.stringify({ v })));
  const double = createRowWriter(oneColumn("double"));
  assert.deepEqual([0, -0, NaN, 0, Infinity].map((v) => double({ v })), [
    '{"v":0}',
    '{"v":-0}',
    '{"v":null}',
    '{"v":0}',
    '{"v":null}',
  ]);
});

test("a missing key is null, a key that is no column is left out", () => {
  assert.equal(createRowWriter(oneColumn("int64"))({ other: 1n }), '{"v":null}');
});

test("a value that its column cannot hold is an error that names the column", () => {
  const bad: [ColumnType, Value][] = [
    ["decimal", "1e5"],
    ["decimal", "NaN"],
    ["decimal", "007"],
    ["int64", 2 ** 60],
    ["int32", 0.5],
    ["timestamp", new Date(NaN)],
  ];
  for (const [type, v] of bad) {
    assert.throws(() => createRowWriter(oneColumn(type))({ v } as Row), (error: unknown) => {
      assert.ok(error instanceof FlowctlError);
      assert.equal(error.code, "sink/value-out-of-range");
      assert.match(error.message, /^column v \(/);
      return true;
    });
  }
});

test("nesting is limited", () => {
  let value: Json = 1n;
  for (let depth = 0; depth < MAX_JSON_DEPTH; depth++) value = [value];
  assert.equal(jsonText(value), "[".repeat(MAX_JSON_DEPTH) + "1" + "]".repeat(MAX_JSON_DEPTH));
  assert.throws(() => jsonText([value]), /nests deeper/);
});
