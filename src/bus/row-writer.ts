/**
 * Writes rows as protobuf into one growing buffer: the same bytes as `events/protobuf.ts`, which
 * makes a writer and a copy for every row and field. An edge writes every row of a pipeline.
 */

import { writeJsonExactly } from "../events/exact-json.ts";
import type { Column, ColumnType } from "../events/event-type.ts";
import type { Json, Row, Value } from "../flow/batch.ts";

const INITIAL_bytes = 64 * 1024;
/** A varint of 64 bits takes this much. */
const MAX_VARINT_bytes = 10;
const VARINT = 0;
const BIT64 = 1;
const DELIMITED = 2;

export interface RowWriter {
  tag(field: number, wireType: number): void;
  varint(value: number | bigint): void;
  text(value: string): void;
  raw(bytes: Uint8Array): void;
  /** Writes what `body` writes, with its length in front. */
  delimited(body: () => void): void;
  row(columns: readonly Column[], row: Row): void;
  finish(): Uint8Array;
}

export function createRowWriter(): RowWriter {
  let buffer = Buffer.allocUnsafe(INITIAL_bytes);
  let at = 0;

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  function varint(value: number | bigint): void {
    reserve(MAX_VARINT_bytes);
    if (typeof value === "number" && value >= 0 && value < 0x80000000) {
      let left = value;
      while (left > 0x7f) {
        buffer[at++] = (left & 0x7f) | 0x80;
        left >>>= 7;
      }
      buffer[at++] = left;
      return;
    }
    let left = BigInt.asUintN(64, BigInt(value));
    while (left > 0x7fn) {
      buffer[at++] = Number(left & 0x7fn) | 0x80;
      left >>= 7n;
    }
    buffer[at++] = Number(left);
  }

  function tag(field: number, wireType: number): void {
    varint(field << 3 | wireType);
  }

  /** The length is known only afterwards: one byte is left for it, and more made when needed. */
  function delimited(body: () => void): void {
    reserve(MAX_VARINT_bytes);
    const start = at;
    at += 1;
    body();
    const length = at - start - 1;
    if (length < 0x80) {
      buffer[start] = length;
      return;
    }
    const extra = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
    reserve(extra);
    buffer.copyWithin(start + 1 + extra, start + 1, at);
    const end = at + extra;
    at = start;
    varint(length);
    at = end;
  }

  function text(value: string): void {
    const { length } = value;
    reserve(length * 3 + MAX_VARINT_bytes);
    // At most 127 bytes whatever it holds: one byte of length, written after the text itself.
    if (length <= 0x7f / 3) {
      const written = buffer.write(value, at + 1);
      buffer[at] = written;
      at += 1 + written;
      return;
    }
    // A guess that is right for plain text: as many bytes as characters.
    const start = at;
    varint(length);
    const written = buffer.write(value, at);
    if (written === length) {
      at += written;
      return;
    }
    at = start;
    varint(written);
    at += buffer.write(value, at);
  }

  function raw(bytes: Uint8Array): void {
    reserve(bytes.length);
    buffer.set(bytes, at);
    at += bytes.length;
  }

  function bytes(value: Uint8Array): void {
    varint(value.length);
    raw(value);
  }

  function timestamp(date: Date): void {
    const ms = date.getTime();
    const seconds = Math.floor(ms / 1000);
    const nanos = (ms - seconds * 1000) * 1_000_000;
    delimited(() => {
      tag(1, VARINT);
      varint(seconds);
      if (nanos === 0) return;
      tag(2, VARINT);
      varint(nanos);
    });
  }

  function strings(values: readonly string[]): void {
    delimited(() => {
      for (const value of values) {
        tag(1, DELIMITED);
        text(value);
      }
    });
  }

  function double(value: number): void {
    reserve(8);
    buffer.writeDoubleLE(value, at);
    at += 8;
  }

  function write(type: ColumnType, field: number, value: Value): void {
    switch (type) {
      case "string":
      case "decimal":
        tag(field, DELIMITED);
        return text(value as string);
      case "int32":
      case "int64":
      case "uint64":
        tag(field, VARINT);
        return varint(value as number | bigint);
      case "boolean":
        tag(field, VARINT);
        return varint(value === true ? 1 : 0);
      case "double":
        tag(field, BIT64);
        return double(value as number);
      case "timestamp":
        tag(field, DELIMITED);
        return timestamp(value as Date);
      case "bytes":
        tag(field, DELIMITED);
        return bytes(value as Uint8Array);
      case "strings":
        tag(field, DELIMITED);
        return strings(value as readonly string[]);
      case "json":
        tag(field, DELIMITED);
        return text(writeJsonExactly(value as Json));
    }
  }

  return {
    tag,
    varint,
    text,
    raw,
    delimited,
    row(columns, row) {
      delimited(() => {
        for (let index = 0; index < columns.length; index += 1) {
          const { name, type } = columns[index]!;
          const value = row[name];
          if (value !== null && value !== undefined) write(type, index + 1, value);
        }
      });
    },
    // Not a Buffer, whose `slice` shares memory where that of a Uint8Array copies.
    finish: () => new Uint8Array(buffer.buffer, buffer.byteOffset, at),
  };
}
