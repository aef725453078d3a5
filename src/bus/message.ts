/**
 * What travels: a ledger's bytes, compressed when that pays, with what a reader must know before it
 * unpacks them in headers, in as many messages as the server's limit asks for.
 */

import { crc32 } from "node:zlib";
import { headers as createHeaders } from "@nats-io/transport-node";
import type { MsgHdrs } from "@nats-io/transport-node";
import type { Batch } from "../flow/batch.ts";
import { zstdCompress, zstdDecompress } from "../runtime/zstd.ts";
import { decodeBatch, encodeBatch } from "./codec/ledger-codec.ts";
import { traceparentOf } from "./trace-context.ts";

/** A ledger that claims to be larger than this when unpacked is not believed. */
export const MAX_LEDGER_bytes = 1024 * 1024 * 1024;
/** What headers and subject may take of a message's limit. */
export const HEADROOM_bytes = 4 * 1024;
/** Level 1: the edge is short-lived, and its producer has better things to do. */
const ZSTD_LEVEL = 1;

/**
 * `batch`: a ledger. `end`: the source has ended after this ledger. `rewind`: the ledgers after
 * this one follow again.
 */
export type MessageKind = "batch" | "end" | "rewind";

/** One message before it is split. */
export interface Outgoing {
  readonly kind: MessageKind;
  readonly source: string;
  readonly ledger: number;
  /** First ledger that the producer ever sent of the source. */
  readonly start: number;
  readonly encoding: "" | "zstd";
  /** Size when unpacked. */
  readonly size: number;
  readonly payload: Uint8Array;
}

/** The part of a message that its headers tell. */
export interface Envelope extends Omit<Outgoing, "payload" | "source"> {
  readonly epoch: number;
  /** Which part of how many, from 1. */
  readonly part: number;
  readonly parts: number;
  /** CRC-32 of the whole payload. */
  readonly crc: number;
}

export async function packBatch(
  batch: Batch,
  start: number,
  options: { readonly epoch: number; readonly compress_above: number },
): Promise<Outgoing> {
  const bytes = encodeBatch(batch, options.epoch);
  const compressed = bytes.byteLength > options.compress_above
    ? await zstdCompress(bytes, ZSTD_LEVEL)
    : bytes;
  const pays = compressed.byteLength < bytes.byteLength;
  return {
    kind: "batch",
    source: batch.source,
    ledger: batch.sequence,
    start,
    encoding: pays ? "zstd" : "",
    size: bytes.byteLength,
    payload: pays ? compressed : bytes,
  };
}

export function control(
  kind: "end" | "rewind",
  source: string,
  ledger: number,
  start: number,
): Outgoing {
  return { kind, source, ledger, start, encoding: "", size: 0, payload: new Uint8Array() };
}

/** Throws when the bytes are damaged. */
export async function unpackBatch(envelope: Envelope, payload: Uint8Array): Promise<Batch> {
  if (crc32(payload) !== envelope.crc) throw new Error("its checksum is wrong");
  if (envelope.size > MAX_LEDGER_bytes) throw new Error(`it claims ${envelope.size} bytes`);
  const bytes = envelope.encoding === "zstd"
    ? await zstdDecompress(payload, envelope.size)
    : payload;
  const batch = decodeBatch(bytes);
  if (batch.sequence !== envelope.ledger) {
    throw new Error(`it holds ledger ${batch.sequence} under the name of ${envelope.ledger}`);
  }
  return batch;
}

export function splitPayload(payload: Uint8Array, max_payload: number): Uint8Array[] {
  const limit = Math.max(1, max_payload - HEADROOM_bytes);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < payload.byteLength; at += limit) {
    parts.push(payload.subarray(at, at + limit));
  }
  return parts.length === 0 ? [payload] : parts;
}

/** One header for all of it: the client looks through what is there for every one that is set. */
const ENVELOPE = "Flowctl-Envelope";

export function headersOf(
  message: Outgoing,
  epoch: number,
  part: number,
  parts: number,
  crc: number,
): MsgHdrs {
  const { kind, ledger, start, size, encoding } = message;
  let envelope = `kind=${kind} ledger=${ledger} start=${start} epoch=${epoch}`;
  if (kind === "batch") envelope += ` size=${size} crc=${crc}`;
  if (encoding !== "") envelope += ` encoding=${encoding}`;
  if (parts > 1) envelope += ` part=${part} parts=${parts}`;
  const headers = createHeaders();
  headers.append(ENVELOPE, envelope);
  if (kind === "batch") headers.append("traceparent", traceparentOf(message.source, ledger));
  return headers;
}

/** The verb, the address of the answer and the sizes, in the line before a message's headers. */
const COMMAND_bytes = 64;

/** What a message takes on its way, under TCP and TLS. */
export function wireBytes(subject: string, headers: MsgHdrs, payload: Uint8Array): number {
  return COMMAND_bytes + subject.length + String(headers).length + payload.byteLength;
}

/** Undefined: not one of ours. */
export function envelopeOf(headers: MsgHdrs | undefined): Envelope | undefined {
  const fields = new Map<string, string>();
  for (const field of (headers?.get(ENVELOPE) ?? "").split(" ")) {
    const equals = field.indexOf("=");
    fields.set(field.slice(0, equals), field.slice(equals + 1));
  }
  const kind = fields.get("kind");
  if (kind !== "batch" && kind !== "end" && kind !== "rewind") return undefined;
  const number = (key: string, absent = 0) => Number(fields.get(key) ?? absent);
  return {
    kind,
    ledger: number("ledger"),
    start: number("start"),
    epoch: number("epoch"),
    encoding: fields.get("encoding") === "zstd" ? "zstd" : "",
    size: number("size"),
    crc: number("crc"),
    part: number("part", 1),
    parts: number("parts", 1),
  };
}
