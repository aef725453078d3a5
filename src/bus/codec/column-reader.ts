/** Reads the values of one column into rows, which are nulls before. */

import type { ColumnType } from "../../events/event-type.ts";
import { parseJsonExactly } from "../../events/exact-json.ts";
import type { Value } from "../../flow/batch.ts";
import type { ByteReader } from "./byte-reader.ts";
import { PRESENT, VALUES } from "./column-fields.ts";

export type WritableRow = Record<string, Value>;

/** Throws when the values are not those of so many rows. */
export function readColumn(
  reader: ByteReader,
  column: { readonly name: string; readonly type: ColumnType },
  rows: readonly WritableRow[],
  texts: readonly string[],
): void {
  const { name, type } = column;
  const values: Value[] = [];
  let present: Uint8Array | undefined;
  while (reader.more()) {
    const tag = reader.varint();
    if (tag === PRESENT) present = reader.bytes();
    else if (tag !== VALUES[type]) reader.skip(tag);
    else if (type === "bytes") values.push(reader.bytes());
    else readValues(reader.nested(), type, texts, values);
  }
  const [only] = values;
  if (values.length === 1 && only !== undefined) spread(only, name, rows, present);
  else place(values, name, rows, present);
}

/** One value stands for all rows that have one. */
function spread(
  value: Value,
  name: string,
  rows: readonly WritableRow[],
  present: Uint8Array | undefined,
): void {
  for (let index = 0; index < rows.length; index += 1) {
    if (has(present, index)) rows[index]![name] = value;
  }
}

function place(
  values: readonly Value[],
  name: string,
  rows: readonly WritableRow[],
  present: Uint8Array | undefined,
): void {
  let next = 0;
  for (let index = 0; index < rows.length; index += 1) {
    if (!has(present, index)) continue;
    const value = values[next];
    if (value === undefined) break;
    rows[index]![name] = value;
    next += 1;
  }
  const wanted = count(present, rows.length);
  if (values.length !== wanted) {
    throw new Error(`column ${name} has ${values.length} values for ${wanted} rows`);
  }
}

function has(present: Uint8Array | undefined, index: number): boolean {
  return present === undefined || ((present[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

function count(present: Uint8Array | undefined, rows: number): number {
  if (present === undefined) return rows;
  let some = 0;
  for (let index = 0; index < rows; index += 1) if (has(present, index)) some += 1;
  return some;
}

function readValues(
  reader: ByteReader,
  type: Exclude<ColumnType, "bytes">,
  texts: readonly string[],
  values: Value[],
): void {
  switch (type) {
    case "string":
    case "decimal":
      while (reader.more()) values.push(textAt(texts, reader.varint()));
      return;
    case "json":
      while (reader.more()) values.push(parseJsonExactly(textAt(texts, reader.varint())));
      return;
    case "strings":
      while (reader.more()) values.push(readList(reader, texts));
      return;
    case "int32":
      while (reader.more()) values.push(unzigzag(reader.varint()));
      return;
    case "int64":
      while (reader.more()) values.push(reader.int64());
      return;
    case "uint64":
      while (reader.more()) values.push(reader.uint64());
      return;
    case "double":
      while (reader.more()) values.push(reader.double());
      return;
    case "boolean":
      while (reader.more()) values.push(reader.varint() !== 0);
      return;
    case "timestamp":
      while (reader.more()) values.push(new Date(Number(reader.int64())));
      return;
  }
}

function readList(reader: ByteReader, texts: readonly string[]): string[] {
  const list: string[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    list.push(textAt(texts, reader.varint()));
  }
  return list;
}

function textAt(texts: readonly string[], place: number): string {
  const text = texts[place];
  if (text === undefined) throw new Error(`it names text ${place} of ${texts.length}`);
  return text;
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
