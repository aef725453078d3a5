/**
 * Rows as protobuf messages: what a foreign component receives and what travels on the bus.
 *
 * The message of an event type has one field per column, numbered from 1 in the order of the
 * columns. A null column is an absent field; every other value is written even when it is its
 * type's default, so null and "" stay apart (`optional` in the .proto text).
 */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Json, Row, Value } from "../flow/batch.ts";
import type { Column, ColumnType, EventType } from "./event-type.ts";
import { parseJsonExactly, writeJsonExactly } from "./exact-json.ts";

interface ColumnCodec {
  readonly proto: string;
  readonly wireType: WireType;
  write(writer: BinaryWriter, value: Value): void;
  read(reader: BinaryReader): Value;
}

function readTimestamp(reader: BinaryReader): Date {
  const end = reader.uint32() + reader.pos;
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === 1) seconds = Number(reader.int64());
    else if (field === 2) nanos = reader.int32();
    else reader.skip(wireType);
  }
  return new Date(seconds * 1000 + Math.floor(nanos / 1_000_000));
}

function writeTimestamp(writer: BinaryWriter, date: Date): void {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  writer.fork();
  writer.tag(1, WireType.Varint).int64(seconds);
  const nanos = (ms - seconds * 1000) * 1_000_000;
  if (nanos !== 0) writer.tag(2, WireType.Varint).int32(nanos);
  writer.join();
}

function readStrings(reader: BinaryReader): string[] {
  const end = reader.uint32() + reader.pos;
  const values: string[] = [];
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field === 1) values.push(reader.string());
    else reader.skip(wireType);
  }
  return values;
}

function writeStrings(writer: BinaryWriter, values: readonly string[]): void {
  writer.fork();
  for (const value of values) writer.tag(1, WireType.LengthDelimited).string(value);
  writer.join();
}

const text: ColumnCodec = {
  proto: "string",
  wireType: WireType.LengthDelimited,
  write: (writer, value) => void writer.string(value as string),
  read: (reader) => reader.string(),
};

const codecs: Readonly<Record<ColumnType, ColumnCodec>> = {
  string: text,
  decimal: text,
  int32: {
    proto: "int32",
    wireType: WireType.Varint,
    write: (writer, value) => void writer.int32(value as number),
    read: (reader) => reader.int32(),
  },
  int64: {
    proto: "int64",
    wireType: WireType.Varint,
    write: (writer, value) => void writer.int64(value as bigint),
    read: (reader) => BigInt(reader.int64()),
  },
  uint64: {
    proto: "uint64",
    wireType: WireType.Varint,
    write: (writer, value) => void writer.uint64(value as bigint),
    read: (reader) => BigInt(reader.uint64()),
  },
  double: {
    proto: "double",
    wireType: WireType.Bit64,
    write: (writer, value) => void writer.double(value as number),
    read: (reader) => reader.double(),
  },
  boolean: {
    proto: "bool",
    wireType: WireType.Varint,
    write: (writer, value) => void writer.bool(value as boolean),
    read: (reader) => reader.bool(),
  },
  bytes: {
    proto: "bytes",
    wireType: WireType.LengthDelimited,
    write: (writer, value) => void writer.bytes(value as Uint8Array),
    read: (reader) => reader.bytes(),
  },
  timestamp: {
    proto: "google.protobuf.Timestamp",
    wireType: WireType.LengthDelimited,
    write: (writer, value) => writeTimestamp(writer, value as Date),
    read: readTimestamp,
  },
  strings: {
    proto: "StringList",
    wireType: WireType.LengthDelimited,
    write: (writer, value) => writeStrings(writer, value as readonly string[]),
    read: readStrings,
  },
  json: {
    proto: "string",
    wireType: WireType.LengthDelimited,
    write: (writer, value) => void writer.string(writeJsonExactly(value as Json)),
    read: (reader) => parseJsonExactly(reader.string()),
  },
};

export interface RowCodec {
  encode(row: Row): Uint8Array;
  /** Unknown fields are skipped; absent ones are null. Throws on malformed bytes. */
  decode(bytes: Uint8Array): Row;
}

/** The codec of rows with these columns. */
export function rowCodec(columns: readonly Column[]): RowCodec {
  const fields = columns.map((column) => ({ name: column.name, codec: codecs[column.type] }));
  return {
    encode(row) {
      const writer = new BinaryWriter();
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i]!;
        const value = row[field.name];
        if (value === null || value === undefined) continue;
        writer.tag(i + 1, field.codec.wireType);
        field.codec.write(writer, value);
      }
      return writer.finish();
    },
    decode(bytes) {
      const reader = new BinaryReader(bytes);
      const row: Record<string, Value> = {};
      for (const field of fields) row[field.name] = null;
      while (reader.pos < reader.len) {
        const [number, wireType] = reader.tag();
        const field = fields[number - 1];
        if (field === undefined || field.codec.wireType !== wireType) reader.skip(wireType);
        else row[field.name] = field.codec.read(reader);
      }
      return row;
    },
  };
}

/** The message's name within package `flowctl.events`: `stellar.token_transfer.v1` → `StellarTokenTransferV1`. */
export function messageName(type: EventType): string {
  return type.name.split(/[^A-Za-z0-9]+/).map((part) =>
    part.charAt(0).toUpperCase() + part.slice(1)
  )
    .join("");
}

/** The .proto text of event types, for people who write components in other languages. */
export function protoText(types: readonly EventType[]): string {
  const lines = [
    'syntax = "proto3";',
    "",
    "package flowctl.events;",
    "",
    'import "google/protobuf/timestamp.proto";',
    "",
    "message StringList {",
    "  repeated string values = 1;",
    "}",
  ];
  for (const type of types) {
    lines.push("", `// ${type.doc}`, `message ${messageName(type)} {`);
    type.columns.forEach((column, index) => {
      lines.push(
        `  // ${column.doc}`,
        `  optional ${codecs[column.type].proto} ${column.name} = ${index + 1};`,
      );
    });
    lines.push("}");
  }
  return lines.join("\n") + "\n";
}
