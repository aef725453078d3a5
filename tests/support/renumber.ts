/**
 * Gives real ledgers other places in the chain: sequence, previous hash, and what is hashed over
 * them are written anew, everything else stays as it was. So ten ledgers make a lake of any
 * length whose every hash holds.
 */

import { hash } from "node:crypto";
import { Ledger } from "../../src/stellar/ledger.ts";

const HASH_BYTES = 32;
/** In a LedgerHeader: after its version the previous hash, then the hash of the transactions. */
const PREVIOUS_HASH_AT = 4;
const TX_SET_HASH_AT = PREVIOUS_HASH_AT + HASH_BYTES;
/** In a GeneralizedTransactionSet: after the union's arm. */
const TX_SET_PREVIOUS_HASH_AT = 4;
/** Of a LedgerHeader without its extension, from ledgerSeq to skipList: five words, three longs. */
const SEQUENCE_TO_EXTENSION = 5 * 4 + 3 * 8 + 4 * HASH_BYTES;
const EXTENSION_BYTES = [4, 12] as const;

export interface Renumbered {
  readonly bytes: Uint8Array;
  /** What the next ledger builds on. */
  readonly hash: Uint8Array;
}

/** `bytes`: a LedgerCloseMeta of version 1 or 2. It is not changed. */
export function renumber(
  bytes: Uint8Array,
  sequence: number,
  previousHash: Uint8Array | undefined,
): Renumbered {
  const copy = Uint8Array.from(bytes);
  const ledger = new Ledger(bytes);
  const entry = ledger.headerEntry;
  const { offset, endOffset } = entry.header;
  const previous = previousHash ?? entry.header.previousLedgerHash;
  copy.set(previous, ledger.txSetOffset + TX_SET_PREVIOUS_HASH_AT);
  copy.set(previous, offset + PREVIOUS_HASH_AT);
  copy.set(
    sha256(copy.subarray(ledger.txSetOffset, ledger.txSetEnd)),
    offset + TX_SET_HASH_AT,
  );
  const view = new DataView(copy.buffer);
  view.setUint32(sequenceOffset(view, endOffset, ledger.sequence), sequence);
  const ownHash = sha256(copy.subarray(offset, endOffset));
  copy.set(ownHash, offset - HASH_BYTES);
  return { bytes: copy, hash: ownHash };
}

/** The header ends with an extension of one of two lengths; the known sequence tells which. */
function sequenceOffset(view: DataView, headerEnd: number, sequence: number): number {
  const candidates = EXTENSION_BYTES.map((extension) =>
    headerEnd - extension - SEQUENCE_TO_EXTENSION
  );
  const found = candidates.find((offset) => view.getUint32(offset) === sequence);
  if (found === undefined) throw new Error("the ledger's sequence is not where it was expected");
  return found;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}
