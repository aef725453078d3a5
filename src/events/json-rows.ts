/**
 * Rows as lines of JSON, in UTF-8 from the first. Strings put together from hundreds of pieces
 * cost twice: for each piece, and for all of them once more when they become bytes. Most columns
 * of a row are as in the row before; what neighbouring ones left there is copied in one piece.
 */

import { Buffer } from "node:buffer";
import type { Json, Row, Value } from "../flow/batch.ts";
import type { Column, ColumnType, EventType } from "./event-type.ts";
import { columnFormat } from "./json.ts";
import { JsonBytes } from "./json-bytes.ts";
import { valueError } from "./value-error.ts";

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

const INTEGERS: ReadonlySet<ColumnType> = new Set<ColumnType>(["int32", "int64", "uint64"]);

/** Values that are JSON themselves. */
const NESTED: ReadonlySet<ColumnType> = new Set<ColumnType>(["strings", "json"]);

interface Field {
  readonly column: Column;
  readonly name: string;
  /** What stands in front of the value. */
  readonly key: Uint8Array;
  readonly format: (value: NonNullable<Value>) => string;
  readonly isString: boolean;
  readonly isNested: boolean;
  readonly isInteger: boolean;
  readonly repeats: boolean;
  last: Value;
  /** Bytes of key and value in the last row. */
  start: number;
  end: number;
}

export class JsonRows {
  readonly #fields: readonly Field[];
  readonly #out = new JsonBytes();
  /** The fields know where the row before stands in the buffer. */
  #follows = false;

  constructor(type: EventType) {
    this.#fields = type.columns.map((column, index) => fieldOf(column, index, type.id));
  }

  get length_bytes(): number {
    return this.#out.length;
  }

  /**
   * Adds one line: an object whose keys are the columns, in their order.
   *
   * Timestamps are ISO 8601 in UTC, bytes base64, a missing key and a number that JSON does not
   * have (NaN, infinities) null. Throws `sink/value-out-of-range` when a value is not one of its
   * column's type, and has then added nothing.
   */
  add(row: Row): void {
    const start = this.#out.length;
    try {
      this.#add(row);
    } catch (error) {
      this.#out.length = start;
      this.#follows = false;
      throw error;
    }
  }

  #add(row: Row): void {
    const out = this.#out;
    const follows = this.#follows;
    let from = 0;
    let to = 0;
    for (const field of this.#fields) {
      const value = row[field.name] ?? null;
      if (follows && field.repeats && value === field.last) {
        if (from === to) from = field.start;
        to = field.end;
        field.start += out.length - from;
        field.end += out.length - from;
        continue;
      }
      if (from < to) copyWithin(out, from, to);
      from = to = 0;
      field.start = out.length;
      write(out, field, value);
      field.end = out.length;
      field.last = value;
    }
    if (from < to) copyWithin(out, from, to);
    out.byte(CLOSING);
    out.byte(NEW_LINE);
    this.#follows = true;
  }

  /** The lines since the last call, in memory that nothing else shares. */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes: buffer, length } = this.#out;
    const bytes = new Uint8Array(length);
    bytes.set(buffer.subarray(0, length));
    this.#clear();
    return bytes;
  }

  /** As `take`, as text. */
  takeText(): string {
    const { bytes, length } = this.#out;
    const text = bytes.toString("utf8", 0, length);
    this.#clear();
    return text;
  }

  #clear(): void {
    this.#out.length = 0;
    this.#follows = false;
  }
}

function copyWithin(out: JsonBytes, from: number, to: number): void {
  out.reserve(to - from);
  out.bytes.copyWithin(out.length, from, to);
  out.length += to - from;
}

function write(out: JsonBytes, field: Field, value: Value): void {
  out.append(field.key);
  if (value === null) out.text("null");
  else if (field.isString && typeof value === "string") out.string(value);
  else if (field.isInteger && (typeof value === "bigint" || Number.isSafeInteger(value))) {
    out.integer(value as number | bigint);
  } else if (field.isNested) writeNested(out, field.column, value);
  else out.text(field.format(value));
}

function writeNested(out: JsonBytes, column: Column, value: NonNullable<Value>): void {
  try {
    out.value(value as Json);
  } catch (error) {
    throw valueError(column, value, error);
  }
}

function fieldOf(column: Column, index: number, id: string): Field {
  return {
    column,
    name: column.name,
    key: Buffer.from(`${index === 0 ? "{" : ","}${JSON.stringify(column.name)}:`),
    format: columnFormat(column),
    isString: column.type === "string",
    isInteger: INTEGERS.has(column.type),
    isNested: NESTED.has(column.type),
    // An id never comes twice, and to compare it makes a text of it.
    repeats: REPEATING.has(column.type) && column.name !== id,
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
