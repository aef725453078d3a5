/** A batch as the bytes of `flowctl.bus.v1.LedgerBatch`, and back. */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Column, ColumnType, EventType } from "../events/event-type.ts";
import { opaqueEventType } from "../events/opaque.ts";
import { rowCodec } from "../events/protobuf.ts";
import type { RowCodec } from "../events/protobuf.ts";
import { eventTypeByName } from "../events/registry.ts";
import type { Batch, EventGroup, Row } from "../flow/batch.ts";

interface TypeCodec {
  readonly rows: RowCodec;
  /** Fields of `EventGroup` that are the same for every ledger, encoded. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

const encoders = new WeakMap<EventType, TypeCodec>();

function encoderOf(type: EventType): TypeCodec {
  const known = encoders.get(type);
  if (known !== undefined) return known;
  const tail = new BinaryWriter();
  for (const column of type.columns) {
    tail.tag(3, WireType.LengthDelimited).fork();
    tail.tag(1, WireType.LengthDelimited).string(column.name);
    tail.tag(2, WireType.LengthDelimited).string(column.type);
    if (column.nullable) tail.tag(3, WireType.Varint).bool(true);
    tail.join();
  }
  tail.tag(4, WireType.LengthDelimited).string(type.table);
  tail.tag(5, WireType.LengthDelimited).string(type.id);
  const codec = {
    rows: rowCodec(type.columns),
    head: new BinaryWriter().tag(1, WireType.LengthDelimited).string(type.name).finish(),
    tail: tail.finish(),
  };
  encoders.set(type, codec);
  return codec;
}

export function encodeBatch(batch: Batch, epoch: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(batch.source);
  writer.tag(2, WireType.Varint).uint64(batch.sequence);
  if (batch.network !== "") writer.tag(3, WireType.LengthDelimited).string(batch.network);
  writer.tag(4, WireType.Varint).int64(batch.closedAt.getTime());
  for (const { type, rows } of batch.groups) {
    const codec = encoderOf(type);
    writer.tag(5, WireType.LengthDelimited).fork().raw(codec.head);
    for (const row of rows) writer.tag(2, WireType.LengthDelimited).bytes(codec.rows.encode(row));
    writer.raw(codec.tail).join();
  }
  if (epoch !== 0) writer.tag(6, WireType.Varint).int64(epoch);
  return writer.finish();
}

/** Throws on malformed bytes. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const reader = new BinaryReader(bytes);
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
