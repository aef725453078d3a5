import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { anyRow, everyType } from "../../tests/support/arbitrary-rows.ts";
import type { Json, Value } from "../flow/batch.ts";
import { createCsvRowWriter, csvHeader } from "./csv.ts";
import type { ColumnType } from "./event-type.ts";
import { jsonText } from "./json.ts";
import { isoTimestamp } from "./timestamp.ts";

/** A reader of RFC 4180 in its plainest form; an unquoted empty field is null. */
function parseCsv(text: string, delimiter: string): (string | null)[][] {
  const records: (string | null)[][] = [];
  let record: (string | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    let field: string | null;
    if (text[at] === '"') {
      field = "";
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        field += text[at];
      }
      at++;
    } else {
      let end = at;
      while (text[end] !== delimiter && text[end] !== "\n") end++;
      field = end === at ? null : text.slice(at, end);
      at = end;
    }
    record.push(field);
    if (text[at] === "\n") {
      records.push(record);
      record = [];
    }
  }
  return records;
}

function expected(type: ColumnType, value: Value): string | null {
  if (value === null) return null;
  if (type === "string") return value as string;
  if (value instanceof Date) return isoTimestamp(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (type === "strings" || type === "json") return jsonText(value as Json);
  return Object.is(value, -0) ? "-0" : String(value);
}

for (const delimiter of [",", ";", "\t", "|"]) {
  test(`records read back equal the rows, with ${JSON.stringify(delimiter)} between fields`, () => {
    fc.assert(fc.property(fc.array(anyRow(), { maxLength: 4 }), (rows) => {
      const write = createCsvRowWriter(everyType, delimiter);
      const text = csvHeader(everyType, delimiter) + rows.map(write).join("");
      const [header, ...records] = parseCsv(text, delimiter);
      assert.deepEqual(header, everyType.columns.map((column) => column.name));
      assert.deepEqual(
        records,
        rows.map((row) =>
          everyType.columns.map((column) => expected(column.type, row[column.name] ?? null))
        ),
      );
    }));
  });
}

test("null and the empty string differ, and formulas stay as they are", () => {
  const type = { ...everyType, columns: everyType.columns.filter((c) => c.type === "string") };
  const write = createCsvRowWriter(type, ",");
  assert.equal(write({ event_id: "=1+1", a_string: null }), "=1+1,\n");
  assert.equal(write({ event_id: "-2", a_string: "" }), '-2,""\n');
});
