/** An event type as it travels: enough for a reader whose flowctl has another version of it. */

import { COLUMN_TYPES } from "../../events/event-type.ts";
import type { Column, ColumnType, EventType } from "../../events/event-type.ts";
import { opaqueEventType } from "../../events/opaque.ts";
import { eventTypeByName } from "../../events/registry.ts";
import type { Row } from "../../flow/batch.ts";
import { readBytes, tagOf } from "./byte-reader.ts";
import { createByteWriter, DELIMITED, VARINT } from "./byte-writer.ts";

const NAME = tagOf(1, DELIMITED);
const TABLE = tagOf(2, DELIMITED);
const ID = tagOf(3, DELIMITED);
const COLUMN = tagOf(4, DELIMITED);
const COLUMN_NAME = tagOf(1, DELIMITED);
const COLUMN_TYPE = tagOf(2, DELIMITED);
const COLUMN_NULLABLE = tagOf(3, VARINT);

const written = new WeakMap<EventType, Uint8Array>();

/** The bytes of `flowctl.bus.v1.EventType`; the same for every ledger. */
export function encodeType(type: EventType): Uint8Array {
  const known = written.get(type);
  if (known !== undefined) return known;
  const writer = createByteWriter();
  writer.varint(NAME);
  writer.text(type.name);
  writer.varint(TABLE);
  writer.text(type.table);
  writer.varint(ID);
  writer.text(type.id);
  for (const column of type.columns) {
    writer.varint(COLUMN);
    writer.delimited(() => {
      writer.varint(COLUMN_NAME);
      writer.text(column.name);
      writer.varint(COLUMN_TYPE);
      writer.text(column.type);
      if (!column.nullable) return;
      writer.varint(COLUMN_NULLABLE);
      writer.varint(1);
    });
  }
  const bytes = writer.finish();
  written.set(type, bytes);
  return bytes;
}

export interface SentType {
  readonly type: EventType;
  /** A row of nulls, which has the columns in their order. */
  readonly blank: Row;
}

/** By their bytes: one object per type, however many ledgers. */
const read = new Map<string, SentType>();
/** Types come from pipelines, of which a process runs few; beyond this somebody sends nonsense. */
const MAX_TYPES = 10_000;

/** Throws on malformed bytes, and on a column type that this flowctl does not know. */
export function decodeType(bytes: Uint8Array): SentType {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const known = read.get(key);
  if (known !== undefined) return known;
  const type = ownOr(typeOf(bytes));
  const blank = Object.fromEntries(type.columns.map(({ name }) => [name, null]));
  const sent = { type, blank };
  if (read.size < MAX_TYPES) read.set(key, sent);
  return sent;
}

function typeOf(bytes: Uint8Array): EventType {
  const reader = readBytes(bytes);
  const names = { name: "", table: "", id: "" };
  const columns: Column[] = [];
  while (reader.more()) {
    const tag = reader.varint();
    if (tag === NAME) names.name = reader.text();
    else if (tag === TABLE) names.table = reader.text();
    else if (tag === ID) names.id = reader.text();
    else if (tag === COLUMN) columns.push(columnOf(reader.bytes()));
    else reader.skip(tag);
  }
  return { ...names, aliases: [], columns, doc: `Events of type ${names.name}.` };
}

function columnOf(bytes: Uint8Array): Column {
  const reader = readBytes(bytes);
  const column = { name: "", type: "", nullable: false };
  while (reader.more()) {
    const tag = reader.varint();
    if (tag === COLUMN_NAME) column.name = reader.text();
    else if (tag === COLUMN_TYPE) column.type = reader.text();
    else if (tag === COLUMN_NULLABLE) column.nullable = reader.varint() !== 0;
    else reader.skip(tag);
  }
  const { name, type, nullable } = column;
  if (!isColumnType(type)) throw new Error(`column ${name} has the unknown type ${type}`);
  return { name, type, nullable, doc: "" };
}

/** Our own type when it is the same; else, from another version of flowctl, what was sent. */
function ownOr(sent: EventType): EventType {
  const own = eventTypeByName(sent.name) ?? opaqueEventType(sent.name);
  return own.name === sent.name && own.table === sent.table && sameColumns(own, sent) ? own : sent;
}

function sameColumns(own: EventType, sent: EventType): boolean {
  return own.id === sent.id && own.columns.length === sent.columns.length &&
    own.columns.every(({ name, type, nullable }, index) => {
      const other = sent.columns[index];
      return other?.name === name && other.type === type && other.nullable === nullable;
    });
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(COLUMN_TYPES);

function isColumnType(text: string): text is ColumnType {
  return KNOWN_TYPES.has(text);
}
