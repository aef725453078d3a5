/**
 * Rows as JSON, at the speed at which ledgers are extracted. What sets it apart from
 * JSON.stringify: 64-bit integers and decimals keep all their digits, and the keys are always
 * the columns of the event type, in their order.
 */

import { Buffer } from "node:buffer";
import type { Json, Row, Value } from "../flow/batch.ts";
import type { Column, ColumnType, EventType } from "./event-type.ts";
import { isoTimestamp } from "./timestamp.ts";
import { valueError } from "./value-error.ts";

/** How deep a `json` value with bigints may nest; Stellar's own values stay far below. */
export const MAX_JSON_DEPTH = 1000;

const CONTROLS = `${String.fromCharCode(0)}-${String.fromCharCode(31)}`;

/**
 * What a string must be escaped for, or may be: half of a surrogate pair. Searching for these few
 * takes an eighth of the time that matching all others takes, in a long string such as base64.
 */
const ESCAPED = new RegExp(`["\\\\${CONTROLS}\\ud800-\\udfff]`);

const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

type Format = (value: never) => string;

interface Field {
  readonly name: string;
  readonly prefix: string;
  readonly format: (value: NonNullable<Value>) => string;
  /** Neighbouring rows share most of these values: their text is made once. */
  readonly repeats: boolean;
  last: Value;
  text: string;
}

/**
 * A function that writes a row of this event type as one JSON object without a line break.
 *
 * Timestamps are ISO 8601 in UTC, bytes base64, a missing key and a number that JSON does not
 * have (NaN, infinities) null. The function keeps the texts of its last row: use one per output.
 * Throws `sink/value-out-of-range` when a value is not one of its column's type.
 */
export function createRowWriter(type: EventType): (row: Row) => string {
  const fields = type.columns.map(fieldOf);
  return (row) => {
    let text = "";
    for (const field of fields) {
      const value = row[field.name] ?? null;
      if (value === null) {
        text += field.prefix + "null";
      } else if (!field.repeats) {
        text += field.prefix + field.format(value);
      } else {
        if (value !== field.last) {
          field.text = field.prefix + field.format(value);
          field.last = value;
        }
        text += field.text;
      }
    }
    return text + "}";
  };
}

function fieldOf(column: Column, index: number): Field {
  return {
    name: column.name,
    prefix: `${index === 0 ? "{" : ","}${JSON.stringify(column.name)}:`,
    format: checkedFormat(column),
    repeats: REPEATING.has(column.type),
    last: null,
    text: "",
  };
}

/** A function that writes a value of this column as JSON; null where there is none. */
export function createValueWriter(column: Column): (value: Value | undefined) => string {
  const format = checkedFormat(column);
  return (value) => value === null || value === undefined ? "null" : format(value);
}

function checkedFormat(column: Column): (value: NonNullable<Value>) => string {
  const format = FORMATS[column.type] as (value: NonNullable<Value>) => string;
  return (value) => {
    try {
      return format(value);
    } catch (error) {
      throw valueError(column, value, error);
    }
  };
}

/** Doubles are not among them (0 equals -0), nor what would keep a large object alive. */
const REPEATING: ReadonlySet<ColumnType> = new Set<ColumnType>([
  "string",
  "int32",
  "int64",
  "uint64",
  "decimal",
  "boolean",
  "timestamp",
]);

const FORMATS: Readonly<Record<ColumnType, Format>> = {
  string: jsonString,
  int32: integerText,
  int64: integerText,
  uint64: integerText,
  double: jsonNumber,
  decimal: decimalText,
  boolean: (value: boolean) => value ? "true" : "false",
  timestamp: (value: Date) => `"${isoTimestamp(value)}"`,
  bytes: (value: Uint8Array) => `"${base64(value)}"`,
  strings: jsonText,
  json: jsonText,
};

/** A string as JSON, quotes included; a lone surrogate becomes its escape. */
export function jsonString(value: string): string {
  return ESCAPED.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/** A value as JSON text; bigints keep all their digits. Zero has no sign. */
export function jsonText(value: Json): string {
  // An exception costs more than the text: the details of most operations have a bigint.
  if (typeof value === "object" && value !== null && holdsBigInt(value)) return nested(value, 0);
  try {
    // Twice as fast, and it throws at the first bigint and when values nest too deep for it.
    return JSON.stringify(value) ?? "null";
  } catch {
    return nested(value, 0);
  }
}

/** Among its own members, not deeper; a list has none that its first element does not show. */
function holdsBigInt(value: object): boolean {
  if (isList(value)) return typeof value[0] === "bigint";
  for (const key in value) {
    if (typeof (value as Record<string, Json>)[key] === "bigint") return true;
  }
  return false;
}

function nested(value: Json | undefined, depth: number): string {
  if (depth > MAX_JSON_DEPTH) throw new RangeError(`nests deeper than ${MAX_JSON_DEPTH} levels`);
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "number":
      return Number.isFinite(value) ? String(value) : "null";
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return isList(value) ? list(value, depth) : object(value, depth);
    default:
      return "null";
  }
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function list(items: readonly Json[], depth: number): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    text += (i === 0 ? "" : ",") + nested(items[i], depth + 1);
  }
  return text + "]";
}

function object(value: { readonly [key: string]: Json }, depth: number): string {
  let text = "{";
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined) continue;
    text += `${text === "{" ? "" : ","}${jsonString(key)}:${nested(item, depth + 1)}`;
  }
  return text + "}";
}

/** The shortest text that reads back as this number; null where JSON has none. */
export function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) return "null";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** All digits of an integer; a RangeError for a number that is none, or is no longer exact. */
export function integerText(value: number | bigint): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return value.toString();
  throw new RangeError("not an integer");
}

/** The digits of a decimal; a RangeError for a text that is none. */
export function decimalText(value: string): string {
  if (DECIMAL.test(value)) return value;
  throw new RangeError("not a decimal");
}

/** Base64 with padding, of the bytes in place. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
