/**
 * Rows as lines of JSON, in UTF-8 from the first. Strings put together from hundreds of pieces
 * cost twice: for each piece, and for all of them once more when they become bytes. Most columns
 * of a row are as in the row before; what neighbouring ones left there is copied in one piece.
 */

import { Buffer } from "node:buffer";
import type { Row, Value } from "../flow/batch.ts";
import type { Column, ColumnType, EventType } from "./event-type.ts";
import { columnFormat, jsonString, needsEscape } from "./json.ts";

const START_BYTES = 128 * 1024;

/** UTF-8 of one UTF-16 unit takes no more; a pair of them takes 4. */
const MAX_BYTES_PER_UNIT = 3;

/** Of a value, besides its text: quotes, and what ends an object and a line. */
const SPARE_BYTES = 16;

/** Up to this length a loop is faster than the runtime's own functions. */
const SHORT_units = 96;

const QUOTE = 34;
const BACKSLASH = 92;
const NEW_LINE = 10;
const CLOSING = 125;

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

interface Field {
  readonly name: string;
  /** What stands in front of the value. */
  readonly key: Uint8Array;
  readonly format: (value: NonNullable<Value>) => string;
  readonly isString: boolean;
  readonly repeats: boolean;
  last: Value;
  /** Bytes of key and value in the last row. */
  start: number;
  end: number;
}

export class JsonRows {
  readonly #fields: readonly Field[];
  #buffer = Buffer.allocUnsafeSlow(START_BYTES);
  #length_bytes = 0;
  /** The fields know where the row before stands in the buffer. */
  #follows = false;

  constructor(type: EventType) {
    this.#fields = type.columns.map(fieldOf);
  }

  get length_bytes(): number {
    return this.#length_bytes;
  }

  /**
   * Adds one line: an object whose keys are the columns, in their order.
   *
   * Timestamps are ISO 8601 in UTC, bytes base64, a missing key and a number that JSON does not
   * have (NaN, infinities) null. Throws `sink/value-out-of-range` when a value is not one of its
   * column's type, and has then added nothing.
   */
  add(row: Row): void {
    const follows = this.#follows;
    this.#follows = false;
    let at = this.#length_bytes;
    let from = 0;
    let to = 0;
    for (const field of this.#fields) {
      const value = row[field.name] ?? null;
      if (follows && field.repeats && value === field.last) {
        if (from === to) from = field.start;
        to = field.end;
        field.start += at - from;
        field.end += at - from;
        continue;
      }
      if (from < to) at = this.#copy(at, from, to);
      from = to = 0;
      field.start = at;
      at = field.end = this.#write(at, field, value);
      field.last = value;
    }
    if (from < to) at = this.#copy(at, from, to);
    at = this.#reserved(at, SPARE_BYTES);
    this.#buffer[at++] = CLOSING;
    this.#buffer[at++] = NEW_LINE;
    this.#length_bytes = at;
    this.#follows = true;
  }

  /** The lines since the last call, in memory that nothing else shares. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length_bytes);
    bytes.set(this.#buffer.subarray(0, this.#length_bytes));
    this.#clear();
    return bytes;
  }

  /** As `take`, as text. */
  takeText(): string {
    const text = this.#buffer.toString("utf8", 0, this.#length_bytes);
    this.#clear();
    return text;
  }

  #clear(): void {
    this.#length_bytes = 0;
    this.#follows = false;
  }

  #copy(at: number, from: number, to: number): number {
    this.#reserved(at, to - from);
    this.#buffer.copyWithin(at, from, to);
    return at + to - from;
  }

  #write(offset: number, { key, format, isString }: Field, value: Value): number {
    const quoted = isString && typeof value === "string";
    const text = quoted ? value : value === null ? "null" : format(value);
    let at = this.#reserved(offset, key.length + text.length * MAX_BYTES_PER_UNIT + SPARE_BYTES);
    const buffer = this.#buffer;
    for (let i = 0; i < key.length; i++) buffer[at++] = key[i] as number;
    if (text.length <= SHORT_units) {
      let end = writePlain(buffer, text, quoted ? at + 1 : at);
      if (end >= 0) {
        if (quoted) buffer[at] = buffer[end++] = QUOTE;
        return end;
      }
    }
    if (!quoted) return at + buffer.write(text, at);
    if (needsEscape(text)) return at + buffer.write(jsonString(text), at);
    buffer[at++] = QUOTE;
    at += buffer.write(text, at);
    buffer[at++] = QUOTE;
    return at;
  }

  /** `at`, where there is now room for so many bytes. */
  #reserved(at: number, bytes: number): number {
    const needed = at + bytes;
    if (needed <= this.#buffer.length) return at;
    const larger = Buffer.allocUnsafeSlow(needed * 2);
    this.#buffer.copy(larger, 0, 0, at);
    this.#buffer = larger;
    return at;
  }
}

/** Where it ends; -1: the text has a character that JSON escapes, or that is not ASCII. */
function writePlain(buffer: Uint8Array, text: string, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 32 || unit > 126 || unit === QUOTE || unit === BACKSLASH) return -1;
    buffer[at++] = unit;
  }
  return at;
}

function fieldOf(column: Column, index: number): Field {
  return {
    name: column.name,
    key: Buffer.from(`${index === 0 ? "{" : ","}${JSON.stringify(column.name)}:`),
    format: columnFormat(column),
    isString: column.type === "string",
    repeats: REPEATING.has(column.type),
    last: null,
    start: 0,
    end: 0,
  };
}

/** A function that writes a row as one JSON object without a line break, as `JsonRows` does. */
export function createRowWriter(type: EventType): (row: Row) => string {
  const rows = new JsonRows(type);
  return (row) => {
    rows.add(row);
    return rows.takeText().slice(0, -1);
  };
}
