/**
 * A batch as the bytes of `flowctl.bus.v1.LedgerBatch`, and back: by column, every text once.
 *
 * Bytes of another format are refused, never misread: the format comes first, and its number, like
 * that of every other field here, was not in use before.
 */

import type { Batch, EventGroup } from "../../flow/batch.ts";
import type { ByteReader } from "./byte-reader.ts";
import { readBytes, tagOf } from "./byte-reader.ts";
import { BIT64, createByteWriter, DELIMITED, VARINT } from "./byte-writer.ts";
import { MAX_ROWS } from "./column-fields.ts";
import { readColumn } from "./column-reader.ts";
import type { WritableRow } from "./column-reader.ts";
import { writeColumn } from "./column-writer.ts";
import { decodeType, encodeType } from "./sent-type.ts";
import { collectTexts } from "./texts.ts";
import type { Texts } from "./texts.ts";

/** Raised with each change that an older reader would not understand. */
export const FORMAT = 2;

const FORMAT_TAG = tagOf(7, VARINT);
const SOURCE = tagOf(8, DELIMITED);
const SEQUENCE = tagOf(9, VARINT);
const NETWORK = tagOf(10, DELIMITED);
const CLOSED_AT = tagOf(11, BIT64);
const EPOCH = tagOf(12, VARINT);
const TEXT = tagOf(13, DELIMITED);
const GROUP = tagOf(14, DELIMITED);
const TYPE = tagOf(1, DELIMITED);
const ROWS = tagOf(2, VARINT);
const COLUMN = tagOf(3, DELIMITED);

const writer = createByteWriter();

/** The bytes are the caller's. Throws when a type has more than `MAX_ROWS` rows. */
export function encodeBatch(batch: Batch, epoch: number): Uint8Array {
  const texts = collectTexts();
  writer.start();
  writer.varint(FORMAT_TAG);
  writer.varint(FORMAT);
  writer.varint(SOURCE);
  writer.text(batch.source);
  writer.varint(SEQUENCE);
  writer.varint(batch.sequence);
  writer.varint(NETWORK);
  writer.text(batch.network);
  writer.varint(CLOSED_AT);
  writer.int64(BigInt(batch.closedAt.getTime()));
  writer.varint(EPOCH);
  writer.varint(epoch);
  for (const group of batch.groups) {
    writer.varint(GROUP);
    writer.delimited(() => writeGroup(group, texts));
  }
  for (const text of texts.all) {
    writer.varint(TEXT);
    writer.text(text);
  }
  return writer.finish();
}

function writeGroup({ type, rows }: EventGroup, texts: Texts): void {
  if (rows.length > MAX_ROWS) throw new Error(`${type.name}: ${rows.length} rows in one ledger`);
  writer.varint(TYPE);
  writer.bytes(encodeType(type));
  writer.varint(ROWS);
  writer.varint(rows.length);
  for (const column of type.columns) {
    writer.varint(COLUMN);
    writer.delimited(() => writeColumn(writer, column, rows, texts, column.name === type.id));
  }
}

/** Throws on malformed bytes. Binary columns are views of `bytes`. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const reader = readBytes(bytes);
  const format = reader.more() && reader.varint() === FORMAT_TAG ? reader.varint() : undefined;
  if (format !== FORMAT) throw new Error(otherFormat(format));
  const head = { source: "", sequence: 0, network: "", closed_ms: 0n };
  const texts: string[] = [];
  const groups: ByteReader[] = [];
  while (reader.more()) {
    const tag = reader.varint();
    if (tag === TEXT) texts.push(reader.text());
    else if (tag === GROUP) groups.push(reader.nested());
    else if (tag === SOURCE) head.source = reader.text();
    else if (tag === SEQUENCE) head.sequence = reader.varint();
    else if (tag === NETWORK) head.network = reader.text();
    else if (tag === CLOSED_AT) head.closed_ms = reader.int64();
    else reader.skip(tag);
  }
  const { source, sequence, network, closed_ms } = head;
  if (source === "" || sequence === 0) throw new Error("it names no source or ledger");
  return {
    source,
    sequence,
    network,
    closedAt: new Date(Number(closed_ms)),
    groups: groups.map((group) => readGroup(group, texts)),
    bytes: bytes.byteLength,
  };
}

function otherFormat(format: number | undefined): string {
  return `it is in ${format === undefined ? "an unknown format" : `format ${format}`}, and this ` +
    `flowctl reads format ${FORMAT}: run the same version on both sides of the edge`;
}

function readGroup(reader: ByteReader, texts: readonly string[]): EventGroup {
  let sent: ReturnType<typeof decodeType> | undefined;
  let count = 0;
  const columns: ByteReader[] = [];
  while (reader.more()) {
    const tag = reader.varint();
    if (tag === TYPE) sent = decodeType(reader.bytes());
    else if (tag === ROWS) count = reader.varint();
    else if (tag === COLUMN) columns.push(reader.nested());
    else reader.skip(tag);
  }
  if (sent === undefined) throw new Error("it has rows without a type");
  const { type, blank } = sent;
  if (count > MAX_ROWS || columns.length !== type.columns.length) {
    throw new Error(`${type.name}: ${count} rows in ${columns.length} columns`);
  }
  const rows: WritableRow[] = [];
  for (let index = 0; index < count; index += 1) rows.push({ ...blank });
  for (const [index, column] of type.columns.entries()) {
    readColumn(columns[index]!, column, rows, texts);
  }
  return { type, rows };
}
