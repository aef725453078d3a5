/**
 * Checks that a ledger's bytes hash to what its header promises. The chain of headers is
 * signed by the network; what the hashes below cover is therefore as the network made it.
 *
 * - Header: SHA-256 of the LedgerHeader XDR is the hash of its history entry, in every version.
 * - Transaction set: SHA-256 of the GeneralizedTransactionSet XDR in versions 1 and 2. In version 0
 *   it is that of the previous ledger's hash followed by the envelopes in the order of the set
 *   (TransactionSet's XDR without the count). Both are `scpValue.txSetHash`.
 * - Results: SHA-256 of a TransactionResultSet XDR, put together from the metas' result pairs in
 *   apply order.
 *
 * No hash covers metas, upgrades, SCP messages and what versions 1 and 2 add after them.
 */

import { hash } from "node:crypto";
import { atPlace, FlowctlError } from "../spec/errors.ts";
import { findEvents } from "./contract-events.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { LedgerTransaction } from "./ledger-transaction.ts";
import { readableLedger } from "./readable-ledger.ts";

const HASH_BYTES = 32;
const COUNT_BYTES = 4;

export interface VerifiedLedger {
  readonly sequence: number;
  /** Hex. */
  readonly hash: string;
  readonly previousHash: string;
}

/**
 * Throws `ledger/hash-mismatch`, naming ledger and hash, or an `xdr/` error where the bytes are no
 * ledger, or not only one. `leaveOut`, the passphrase of a network: a ledger with transactions that
 * can be left out (`readableLedger`) is one as well.
 */
export function verifyLedger(bytes: Uint8Array, leaveOut?: string): VerifiedLedger {
  const whole = openLedger(bytes);
  const ledger = leaveOut === undefined ? whole : readableLedger(whole, leaveOut);
  const entry = ledger.headerEntry;
  const { header } = entry;
  const stated = Buffer.from(entry.hash).toString("hex");
  compare(ledger.sequence, "ledger hash", stated, sha256(header.toXdr()));
  const txSetHash = Buffer.from(header.scpValue.txSetHash).toString("hex");
  compare(ledger.sequence, "transaction set hash", txSetHash, hashOfTxSet(ledger));
  // What was left out, was by means of the result hash and the tail.
  if (ledger.unreadable.length === 0) {
    const resultHash = Buffer.from(header.txSetResultHash).toString("hex");
    compare(ledger.sequence, "result hash", resultHash, hashOfResults(ledger));
    ledger.checkTail();
  }
  return {
    sequence: ledger.sequence,
    hash: stated,
    previousHash: Buffer.from(header.previousLedgerHash).toString("hex"),
  };
}

function hashOfTxSet(ledger: Ledger): string {
  const { xdr, txSetOffset, txSetEnd } = ledger;
  if (ledger.version > 0) return sha256(xdr.slice(txSetOffset, txSetEnd));
  const envelopes = txSetOffset + HASH_BYTES + COUNT_BYTES;
  return sha256(concat([
    xdr.slice(txSetOffset, txSetOffset + HASH_BYTES),
    xdr.slice(envelopes, txSetEnd),
  ]));
}

function hashOfResults(ledger: Ledger): string {
  const parts = [uint32(ledger.transactionCount)];
  let reading: LedgerTransaction | undefined;
  try {
    for (const transaction of ledger.transactions()) {
      reading = transaction;
      // Looking for events walks over the meta as well, and spares the processors a walk.
      findEvents(transaction);
      parts.push(ledger.xdr.slice(transaction.pairOffset, transaction.feeChangesOffset));
    }
  } catch (thrown) {
    throw reading === undefined ? thrown : atPlace(reading.label, thrown);
  }
  return sha256(concat(parts));
}

function compare(sequence: number, which: string, stated: string, computed: string): void {
  if (stated === computed) return;
  throw new FlowctlError(
    "ledger/hash-mismatch",
    `ledger ${sequence}: the ${which} is ${stated}, its bytes hash to ${computed}`,
    { hint: "the ledger is damaged; fetch it again or from another source" },
  );
}

function sha256(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Remembers the ledger before, per chain that it is used for. */
export function createChainCheck(): (ledger: VerifiedLedger) => void {
  let previous: VerifiedLedger | undefined;
  return (ledger) => {
    if (previous !== undefined) checkLink(previous, ledger);
    previous = ledger;
  };
}

function checkLink(previous: VerifiedLedger, ledger: VerifiedLedger): void {
  if (ledger.sequence !== previous.sequence + 1) {
    throw new FlowctlError(
      "ledger/broken-chain",
      `ledger ${ledger.sequence} follows ledger ${previous.sequence}`,
      { hint: "the source left out or repeated a ledger" },
    );
  }
  if (ledger.previousHash !== previous.hash) {
    throw new FlowctlError(
      "ledger/broken-chain",
      `ledger ${ledger.sequence} builds on ${ledger.previousHash}, but ledger ` +
        `${previous.sequence} is ${previous.hash}`,
      { hint: "the two are of different networks, or one of them is damaged" },
    );
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(COUNT_BYTES);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
