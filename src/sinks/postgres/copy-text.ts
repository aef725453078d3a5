/**
 * Rows as lines of COPY's text format (PostgreSQL manual, COPY, "Text Format"): columns between
 * tabs, `\N` for NULL, backslashes before what would end a column or a line.
 */

import { Buffer } from "node:buffer";
import type { ColumnType, EventType } from "../../events/event-type.ts";
import { decimalText, jsonText } from "../../events/json.ts";
import { isoTimestamp } from "../../events/timestamp.ts";
import type { Json, Value } from "../../flow/batch.ts";
import { checkedEncoder, fits, remembered } from "../sql/column-values.ts";
import type { RowEncoder } from "../sql/store.ts";
import { withoutNul } from "../sql/text.ts";

const LINE_OVERHEAD_bytes = 64;

type Encode = (value: never) => string;

const ENCODERS: Readonly<Record<ColumnType, Encode>> = {
  string: (value: string) => escaped(withoutNul(value)),
  int32: (value: number) => String(fits(value, "int32")),
  int64: (value: bigint) => String(fits(value, "int64")),
  uint64: (value: bigint) => String(fits(value, "uint64")),
  double: (value: number) => Object.is(value, -0) ? "-0" : String(value),
  decimal: decimalText,
  boolean: (value: boolean) => value ? "t" : "f",
  timestamp: remembered(timestamp),
  bytes: (value: Uint8Array) =>
    `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`,
  strings: (value: readonly string[]) => escaped(arrayLiteral(value)),
  json: (value: Json) => escaped(jsonbText(value)),
};

/** An encoder to lines, line break included. */
export function copyEncoder(type: EventType): RowEncoder<string> {
  const encoders = type.columns.map((column) =>
    checkedEncoder(column, ENCODERS[column.type] as (value: NonNullable<Value>) => string)
  );
  return (row) => {
    const id = row[type.id];
    let line = "";
    for (let i = 0; i < encoders.length; i++) {
      line += (i === 0 ? "" : "\t") + (encoders[i]?.(row, id) ?? "\\N");
    }
    return { values: line + "\n", bytes: LINE_OVERHEAD_bytes + line.length };
  };
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(/[\\\t\n\r]/g, (char) => ESCAPES[char] ?? char);
}

function arrayLiteral(items: readonly string[]): string {
  const quoted = items.map((item) => `"${withoutNul(item).replace(/["\\]/g, "\\$&")}"`);
  return `{${quoted.join(",")}}`;
}

/**
 * JSONB holds neither NUL nor half a surrogate pair (manual, section 8.14). In JSON text both can
 * only be escapes, and an escape of a surrogate is always of a lone one.
 */
function jsonbText(value: Json): string {
  const text = jsonText(value);
  if (!text.includes("\\u")) return text;
  return text.replace(
    /\\(u0000|ud[89a-f][0-9a-f]{2}|.)/gi,
    (whole, body: string) => body.length === 1 ? whole : "\\ufffd",
  );
}

const FIRST_YEAR = 1;
const LAST_YEAR = 9999;

function timestamp(value: Date): string {
  const year = value.getUTCFullYear();
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) throw new RangeError("not in years 1 to 9999");
  return isoTimestamp(value);
}
