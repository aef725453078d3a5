/** A batch as the bytes of `flowctl.bus.v1.LedgerBatch`, and back. */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Column, ColumnType, EventType } from "../events/event-type.ts";
import { opaqueEventType } from "../events/opaque.ts";
import { rowCodec } from "../events/protobuf.ts";
import type { RowCodec } from "../events/protobuf.ts";
import { eventTypeByName } from "../events/registry.ts";
import type { Batch, EventGroup, Row } from "../flow/batch.ts";
import { createRowWriter } from "./row-writer.ts";

const VARINT = WireType.Varint;
const DELIMITED = WireType.LengthDelimited;

/** Per type, what is the same for every ledger: name before the rows, columns after them. */
const frames = new WeakMap<EventType, { readonly head: Uint8Array; readonly tail: Uint8Array }>();

function frameOf(type: EventType): { readonly head: Uint8Array; readonly tail: Uint8Array } {
  const known = frames.get(type);
  if (known !== undefined) return known;
  const tail = new BinaryWriter();
  for (const column of type.columns) {
    tail.tag(3, DELIMITED).fork();
    tail.tag(1, DELIMITED).string(column.name);
    tail.tag(2, DELIMITED).string(column.type);
    if (column.nullable) tail.tag(3, VARINT).bool(true);
    tail.join();
  }
  tail.tag(4, DELIMITED).string(type.table);
  tail.tag(5, DELIMITED).string(type.id);
  const head = new BinaryWriter().tag(1, DELIMITED).string(type.name).finish();
  const frame = { head, tail: tail.finish() };
  frames.set(type, frame);
  return frame;
}

export function encodeBatch(batch: Batch, epoch: number): Uint8Array {
  const writer = createRowWriter();
  writer.tag(1, DELIMITED);
  writer.text(batch.source);
  writer.tag(2, VARINT);
  writer.varint(batch.sequence);
  if (batch.network !== "") {
    writer.tag(3, DELIMITED);
    writer.text(batch.network);
  }
  writer.tag(4, VARINT);
  writer.varint(batch.closedAt.getTime());
  for (const { type, rows } of batch.groups) {
    const { head, tail } = frameOf(type);
    writer.tag(5, DELIMITED);
    writer.delimited(() => {
      writer.raw(head);
      for (const row of rows) {
        writer.tag(2, DELIMITED);
        writer.row(type.columns, row);
      }
      writer.raw(tail);
    });
  }
  if (epoch !== 0) {
    writer.tag(6, VARINT);
    writer.varint(epoch);
  }
  return writer.finish();
}

/** Throws on malformed bytes. */
export function decodeBatch(bytes: Uint8Array): Batch {
  // Not a Buffer, whose `slice` shares memory where that of a Uint8Array copies.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new BinaryReader(plain);
  const batch = { source: "", sequence: 0, network: "", closed_ms: 0 };
  const groups: EventGroup[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) batch.source = reader.string();
    else if (field === 2) batch.sequence = Number(reader.uint64());
    else if (field === 3) batch.network = reader.string();
    else if (field === 4) batch.closed_ms = Number(reader.int64());
    else if (field === 5) groups.push(decodeGroup(reader.bytes()));
    else reader.skip(wireType);
  }
  if (batch.source === "" || batch.sequence === 0) throw new Error("it names no source or ledger");
  return {
    source: batch.source,
    sequence: batch.sequence,
    network: batch.network,
    closedAt: new Date(batch.closed_ms),
    groups,
    bytes: bytes.byteLength,
  };
}

function decodeGroup(bytes: Uint8Array): EventGroup {
  const reader = new BinaryReader(bytes);
  const encoded: Uint8Array[] = [];
  const columns: Uint8Array[] = [];
  const names = { type: "", table: "", id: "" };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) names.type = reader.string();
    else if (field === 2) encoded.push(reader.bytes());
    else if (field === 3) columns.push(reader.bytes());
    else if (field === 4) names.table = reader.string();
    else if (field === 5) names.id = reader.string();
    else reader.skip(wireType);
  }
  const { type, rows } = decoderOf(names, columns);
  return { type, rows: encoded.map((row): Row => rows.decode(row)) };
}

interface Decoder {
  readonly type: EventType;
  readonly rows: RowCodec;
}

/** By everything that a message says of a type: one object per type, however many ledgers. */
const decoders = new Map<string, Decoder>();
/** Types come from pipelines, of which a process runs few; beyond this somebody sends nonsense. */
const MAX_DECODERS = 10_000;

function decoderOf(
  names: { readonly type: string; readonly table: string; readonly id: string },
  encoded: readonly Uint8Array[],
): Decoder {
  const columns = encoded.map((bytes) => Buffer.from(bytes).toString("latin1")).join("\n");
  const key = `${names.type}\n${names.table}\n${names.id}\n${columns}`;
  const known = decoders.get(key);
  if (known !== undefined) return known;
  const type = typeOf({ ...names, columns: encoded.map(decodeColumn) });
  const decoder = { type, rows: rowCodec(type.columns) };
  if (decoders.size < MAX_DECODERS) decoders.set(key, decoder);
  return decoder;
}

interface SentType {
  readonly type: string;
  readonly table: string;
  readonly id: string;
  readonly columns: readonly Column[];
}

/** Our own type when it is the same; else, from another version of flowctl, what was sent. */
function typeOf(sent: SentType): EventType {
  const own = eventTypeByName(sent.type) ?? opaqueEventType(sent.type);
  if (own.name === sent.type && own.table === sent.table && sameColumns(own, sent)) return own;
  const { type: name, table, id, columns } = sent;
  return { name, aliases: [], table, id, columns, doc: `Events of type ${name}.` };
}

function sameColumns(own: EventType, sent: SentType): boolean {
  return own.id === sent.id && own.columns.length === sent.columns.length &&
    own.columns.every(({ name, type, nullable }, index) => {
      const other = sent.columns[index];
      return other?.name === name && other.type === type && other.nullable === nullable;
    });
}

const COLUMN_TYPES: ReadonlySet<string> = new Set<ColumnType>([
  "string",
  "int32",
  "int64",
  "uint64",
  "double",
  "decimal",
  "boolean",
  "timestamp",
  "bytes",
  "strings",
  "json",
]);

function isColumnType(text: string): text is ColumnType {
  return COLUMN_TYPES.has(text);
}

function decodeColumn(bytes: Uint8Array): Column {
  const reader = new BinaryReader(bytes);
  const column = { name: "", type: "", nullable: false };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) column.name = reader.string();
    else if (field === 2) column.type = reader.string();
    else if (field === 3) column.nullable = reader.bool();
    else reader.skip(wireType);
  }
  const { name, type, nullable } = column;
  if (!isColumnType(type)) throw new Error(`column ${name} has the unknown type ${type}`);
  return { name, type, nullable, doc: "" };
}
