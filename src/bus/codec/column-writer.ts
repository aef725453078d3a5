/** Writes the values of one column: what all rows agree in once, texts as places in a table. */

import type { ColumnType } from "../../events/event-type.ts";
import { writeJsonExactly } from "../../events/exact-json.ts";
import type { Json, Row, Value } from "../../flow/batch.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { BLOB, PRESENT, VALUES } from "./column-fields.ts";
import type { Texts } from "./texts.ts";

/** The body of a `ColumnValues`. `unique`: each row has its own value, as in a column of ids. */
export function writeColumn(
  writer: ByteWriter,
  column: { readonly name: string; readonly type: ColumnType },
  rows: readonly Row[],
  texts: Texts,
  unique = false,
): void {
  const { name, type } = column;
  const present: NonNullable<Value>[] = [];
  for (const row of rows) {
    const value = row[name];
    if (value !== null && value !== undefined) present.push(value);
  }
  if (present.length < rows.length) writePresent(writer, name, rows);
  if (present.length === 0) return;
  const values = agree(type, present) ? present.slice(0, 1) : present;
  if (type === "bytes") {
    for (const value of values) {
      writer.varint(BLOB);
      writer.bytes(value as Uint8Array);
    }
    return;
  }
  writer.varint(VALUES[type]);
  const placed = unique ? texts.add : texts.place;
  writer.delimited(() => writeValues(writer, type, values, placed));
}

function writePresent(writer: ByteWriter, name: string, rows: readonly Row[]): void {
  const bits = new Uint8Array(Math.ceil(rows.length / 8));
  for (let index = 0; index < rows.length; index += 1) {
    const value = rows[index]![name];
    if (value !== null && value !== undefined) bits[index >> 3]! |= 1 << (index & 7);
  }
  writer.varint(PRESENT);
  writer.bytes(bits);
}

/** Whether one value may stand for all. What is not compared is written for each row. */
function agree(type: ColumnType, values: readonly NonNullable<Value>[]): boolean {
  const first = values[0];
  if (type === "timestamp") {
    const time = (first as Date).getTime();
    return values.every((value) => value === first || (value as Date).getTime() === time);
  }
  // NaN differs from itself, and 0 is not -0.
  if (type === "double") return values.every((value) => Object.is(value, first));
  return values.every((value) => value === first);
}

function writeValues(
  writer: ByteWriter,
  type: Exclude<ColumnType, "bytes">,
  values: readonly NonNullable<Value>[],
  place: (text: string) => number,
): void {
  switch (type) {
    case "string":
    case "decimal":
      for (const value of values) writer.varint(place(value as string));
      return;
    case "json":
      for (const value of values) writer.varint(place(writeJsonExactly(value as Json)));
      return;
    case "strings":
      for (const list of values as readonly (readonly string[])[]) {
        writer.varint(list.length);
        for (const text of list) writer.varint(place(text));
      }
      return;
    case "int32":
      for (const value of values) writer.varint(zigzag(value as number));
      return;
    case "int64":
      for (const value of values) writer.int64(value as bigint);
      return;
    case "uint64":
      for (const value of values) writer.uint64(value as bigint);
      return;
    case "double":
      for (const value of values) writer.double(value as number);
      return;
    case "boolean":
      for (const value of values) writer.varint(value === true ? 1 : 0);
      return;
    case "timestamp":
      for (const value of values) writer.int64(BigInt((value as Date).getTime()));
      return;
  }
}

/** Small numbers of either sign take few bytes: 0, -1, 1, -2 … as 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
