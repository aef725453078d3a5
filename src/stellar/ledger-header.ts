/** The header of a ledger, read from the bytes of its LedgerCloseMeta without looking at the rest. */

import { openLedger } from "./ledger.ts";

export interface LedgerHeader {
  /** Version of the LedgerCloseMeta union: 0 to 2. */
  readonly metaVersion: number;
  readonly sequence: number;
  readonly protocol: number;
  readonly closedAt: Date;
  /** Hash of this ledger as its history entry states it, hex. */
  readonly hash: string;
  readonly previousHash: string;
  readonly txSetHash: string;
  readonly txSetResultHash: string;
  /** Where the LedgerHeader XDR starts and ends in the bytes. */
  readonly start: number;
  readonly end: number;
}

/** Throws `xdr/malformed` or `xdr/unknown-arm` with the byte offset when this is no ledger. */
export function readLedgerHeader(bytes: Uint8Array): LedgerHeader {
  const { version, sequence, protocol, closedAt, headerEntry } = openLedger(bytes);
  const { header } = headerEntry;
  return {
    metaVersion: version,
    sequence,
    protocol,
    closedAt,
    hash: hex(headerEntry.hash),
    previousHash: hex(header.previousLedgerHash),
    txSetHash: hex(header.scpValue.txSetHash),
    txSetResultHash: hex(header.txSetResultHash),
    start: header.offset,
    end: header.endOffset,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
