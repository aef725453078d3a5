/** Rows as values that SQLite binds. */

import { Buffer } from "node:buffer";
import { decimalText, jsonText } from "../../events/json.ts";
import { isoTimestamp } from "../../events/timestamp.ts";
import type { ColumnType, EventType } from "../../events/event-type.ts";
import type { Json, Value } from "../../flow/batch.ts";
import type { SqliteValue } from "../../runtime/sqlite.ts";
import { checkedEncoder, fits, remembered } from "../sql/column-values.ts";
import type { RowEncoder } from "../sql/store.ts";
import { withoutNul } from "../sql/text.ts";

const MAX_INT64 = 2n ** 63n - 1n;
/** What a value that is no text weighs in memory, roughly. */
const SCALAR_bytes = 16;

type Encode = (value: never) => SqliteValue;

const ENCODERS: Readonly<Record<ColumnType, Encode>> = {
  string: withoutNul,
  int32: (value: number) => fits(value, "int32"),
  int64: (value: bigint) => fits(value, "int64"),
  // SQLite's integers end at 2^63-1. What lies above is text, which sorts after every number.
  uint64: (value: bigint) => fits(value, "uint64") > MAX_INT64 ? value.toString() : value,
  double(value: number) {
    if (Number.isNaN(value)) throw new RangeError("SQLite has no NaN");
    return value;
  },
  decimal: decimalText,
  boolean: (value: boolean) => value ? 1 : 0,
  timestamp: remembered(isoTimestamp),
  bytes: (value: Uint8Array) => value,
  strings: (value: readonly string[]) => jsonText(value),
  json: (value: Json) => jsonText(value),
};

/** An encoder to the values of a row's columns, in their order. */
export function sqliteEncoder(type: EventType): RowEncoder<readonly SqliteValue[]> {
  const encoders = type.columns.map((column) =>
    checkedEncoder(column, ENCODERS[column.type] as (value: NonNullable<Value>) => SqliteValue)
  );
  return (row) => {
    const id = row[type.id];
    let bytes = 0;
    const values: SqliteValue[] = [];
    for (const encode of encoders) {
      const value = encode(row, id);
      bytes += sizeOf(value);
      values.push(value);
    }
    return { values, bytes };
  };
}

function sizeOf(value: SqliteValue): number {
  if (typeof value === "string") return SCALAR_bytes + value.length;
  return SCALAR_bytes + (value instanceof Uint8Array ? Buffer.byteLength(value) : 0);
}
