/**
 * Values of columns as JSON. What sets it apart from JSON.stringify: 64-bit integers and decimals
 * keep all their digits.
 */

import { Buffer } from "node:buffer";
import type { Json, Value } from "../flow/batch.ts";
import type { Column, ColumnType } from "./event-type.ts";
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

/** A function that writes a value of this column as JSON; null where there is none. */
export function createValueWriter(column: Column): (value: Value | undefined) => string {
  const format = columnFormat(column);
  return (value) => value === null || value === undefined ? "null" : format(value);
}

/** As `createValueWriter`, of a value that is there. */
export function columnFormat(column: Column): (value: NonNullable<Value>) => string {
  const format = FORMATS[column.type] as (value: NonNullable<Value>) => string;
  return (value) => {
    try {
      return format(value);
    } catch (error) {
      throw valueError(column, value, error);
    }
  };
}

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
  return needsEscape(value) ? JSON.stringify(value) : `"${value}"`;
}

/** False: between quotes, the string is JSON as it is. */
export function needsEscape(value: string): boolean {
  return ESCAPED.test(value);
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

export function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function list(items: readonly Json[], depth: number): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    text += (i === 0 ? "" : ",") + nested(items[i], depth + 1);
  }
  return text + "]";
}

/** Names of fields come again and again; what users put into a map does not. */
const KEPT_KEYS = 1024;
const KEPT_KEY_units = 64;
const keyTexts = new Map<string, string>();

/** A key with its colon. */
function keyText(key: string): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    text = `${jsonString(key)}:`;
    if (key.length <= KEPT_KEY_units && keyTexts.size < KEPT_KEYS) keyTexts.set(key, text);
  }
  return text;
}

function object(value: { readonly [key: string]: Json }, depth: number): string {
  let text = "{";
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined) continue;
    text += `${text === "{" ? "" : ","}${keyText(key)}${nested(item, depth + 1)}`;
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
