/**
 * A record of a spool segment: magic, length of the body and CRC-32 of it, each four bytes, little
 * endian; the body is the length of its head (four bytes), the head as JSON, and the payload.
 */

import { crc32 } from "node:zlib";
import type { MessageKind, Outgoing } from "../message.ts";

const MAGIC = 0x4c505346;
export const RECORD_HEADER_bytes = 12;
const HEAD_LENGTH_bytes = 4;
/** A length above this is damage. */
export const MAX_RECORD_bytes = 1024 * 1024 * 1024;

export interface RecordAt {
  readonly message: Outgoing;
  readonly offset: number;
  readonly bytes: number;
}

export interface Scan {
  readonly records: readonly RecordAt[];
  /** Bytes from the start that are whole, undamaged records. */
  readonly valid_bytes: number;
  /** Why it ends there; undefined: there is nothing more. */
  readonly damage: string | undefined;
}

export function encodeRecord(message: Outgoing): Uint8Array {
  const { payload, ...rest } = message;
  const head = Buffer.from(JSON.stringify(rest));
  const record = Buffer.alloc(
    RECORD_HEADER_bytes + HEAD_LENGTH_bytes + head.length + payload.length,
  );
  record.writeUInt32LE(head.length, RECORD_HEADER_bytes);
  head.copy(record, RECORD_HEADER_bytes + HEAD_LENGTH_bytes);
  record.set(payload, RECORD_HEADER_bytes + HEAD_LENGTH_bytes + head.length);
  const body = record.subarray(RECORD_HEADER_bytes);
  record.writeUInt32LE(MAGIC, 0);
  record.writeUInt32LE(body.length, 4);
  record.writeUInt32LE(crc32(body), 8);
  return record;
}

/** Every record up to the first that is not whole. */
export function scanRecords(bytes: Uint8Array): Scan {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: RecordAt[] = [];
  let at = 0;
  const end = (damage: string | undefined): Scan => ({ records, valid_bytes: at, damage });
  while (at < file.length) {
    if (file.length - at < RECORD_HEADER_bytes) return end("the last record is cut off");
    if (file.readUInt32LE(at) !== MAGIC) return end(`no record begins at byte ${at}`);
    const length = file.readUInt32LE(at + 4);
    if (length < HEAD_LENGTH_bytes || length > MAX_RECORD_bytes) {
      return end(`the record at byte ${at} claims ${length} bytes`);
    }
    const start = at + RECORD_HEADER_bytes;
    if (file.length - start < length) return end("the last record is cut off");
    const body = file.subarray(start, start + length);
    if (crc32(body) !== file.readUInt32LE(at + 8)) {
      return end(`the record at byte ${at} has a wrong checksum`);
    }
    const message = decodeBody(body);
    if (message === undefined) return end(`the record at byte ${at} cannot be understood`);
    const size = RECORD_HEADER_bytes + length;
    records.push({ message, offset: at, bytes: size });
    at += size;
  }
  return end(undefined);
}

function decodeBody(body: Buffer): Outgoing | undefined {
  const length = body.readUInt32LE(0);
  if (length > body.length - HEAD_LENGTH_bytes) return undefined;
  try {
    const text = body.subarray(HEAD_LENGTH_bytes, HEAD_LENGTH_bytes + length).toString();
    const head: unknown = JSON.parse(text);
    return isHead(head)
      ? { ...head, payload: body.subarray(HEAD_LENGTH_bytes + length) }
      : undefined;
  } catch {
    return undefined;
  }
}

const KINDS: ReadonlySet<string> = new Set<MessageKind>(["batch", "end", "rewind"]);

function isHead(head: unknown): head is Omit<Outgoing, "payload"> {
  if (typeof head !== "object" || head === null) return false;
  const fields = head as Record<string, unknown>;
  return KINDS.has(String(fields["kind"])) && typeof fields["source"] === "string" &&
    ["ledger", "start", "size"].every((key) => Number.isSafeInteger(fields[key])) &&
    (fields["encoding"] === "" || fields["encoding"] === "zstd");
}
