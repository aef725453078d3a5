/**
 * Rows as CSV: RFC 4180, with a line feed alone as line end.
 *
 * A null is an empty field and an empty string is `""`, as PostgreSQL's COPY and DuckDB read
 * them. Lists and JSON columns are JSON text. A text that a spreadsheet would take for a formula
 * is left as it is: the file holds what was on the ledger.
 */

import type { Row, Value } from "../flow/batch.ts";
import type { ColumnType, EventType } from "./event-type.ts";
import { base64, decimalText, integerText, jsonText } from "./json.ts";
import { isoTimestamp } from "./timestamp.ts";
import { valueError } from "./value-error.ts";

export function csvHeader(type: EventType, delimiter: string): string {
  const quote = createQuoter(delimiter);
  return type.columns.map((column) => quote(column.name)).join(delimiter) + "\n";
}

/**
 * A function that writes a row of this event type as one CSV record, line end included.
 * Throws `sink/value-out-of-range` when a value is not one of its column's type.
 */
export function createCsvRowWriter(type: EventType, delimiter: string): (row: Row) => string {
  const quote = createQuoter(delimiter);
  const columns = type.columns.map((column, index) => ({
    column,
    separator: index === 0 ? "" : delimiter,
    format: FORMATS[column.type] as (value: NonNullable<Value>) => string,
  }));
  return (row) => {
    let text = "";
    for (const { column, separator, format } of columns) {
      text += separator;
      const value = row[column.name] ?? null;
      if (value === null) continue;
      try {
        text += quote(format(value));
      } catch (error) {
        throw valueError(column, value, error);
      }
    }
    return text + "\n";
  };
}

/** Quotes what holds the delimiter, a quote or a line break, and the empty string. */
function createQuoter(delimiter: string): (text: string) => string {
  const plain = new RegExp(`^[^"\\n\\r\\${delimiter}]+$`);
  return (text) => plain.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

const FORMATS: Readonly<Record<ColumnType, (value: never) => string>> = {
  string: (value: string) => value,
  int32: integerText,
  int64: integerText,
  uint64: integerText,
  double: (value: number) => Object.is(value, -0) ? "-0" : String(value),
  decimal: decimalText,
  boolean: (value: boolean) => value ? "true" : "false",
  timestamp: isoTimestamp,
  bytes: base64,
  strings: jsonText,
  json: jsonText,
};
