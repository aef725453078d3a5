/**
 * A ledger without the transactions that hold what this version does not know. That the others
 * are where they were found is proven: the hash of all results, which the header states and the
 * network has signed, must be that of the results as they were found.
 */

import { createHash } from "node:crypto";
import { skipTransactionMeta } from "../gen/xdr/transaction-meta.ts";
import { atPlace, FlowctlError } from "../spec/errors.ts";
import { findEvents } from "./contract-events.ts";
import { indexEnvelopes } from "./envelope.ts";
import type { Ledger, UnreadableTransaction } from "./ledger.ts";
import { type LedgerTransaction, skipChanges } from "./ledger-transaction.ts";
import { type FoundTransaction, resync } from "./resync.ts";

const WORD_BYTES = 4;

/** A result's fee and code, before what can be unknown. */
const RESULT_START_BYTES = 12;

/** Longest result whose end is looked for. */
export const MAX_RESULT_bytes = 64 * 1024;

/** Ways to put together the results that are tried, each by its hash. */
export const MAX_RESULT_tries = 64;

const known = new WeakMap<Ledger, Ledger>();

/**
 * The ledger itself when everything in it is known. Throws the `xdr/unknown-arm` of the first
 * transaction that cannot be read, when it cannot be left out for certain.
 */
export function readableLedger(ledger: Ledger, passphrase: string): Ledger {
  let readable = known.get(ledger);
  if (readable === undefined) {
    const unknown = firstUnknown(ledger);
    readable = unknown === undefined ? ledger : leaveOut(ledger, passphrase, unknown);
    known.set(ledger, readable);
  }
  return readable;
}

function firstUnknown(ledger: Ledger): FlowctlError | undefined {
  let reading: LedgerTransaction | undefined;
  try {
    for (const transaction of ledger.transactions()) {
      reading = transaction;
      findEvents(transaction);
    }
    return undefined;
  } catch (thrown) {
    if (reading === undefined) throw thrown;
    const placed = atPlace(reading.label, thrown);
    if (isUnknown(placed)) return placed;
    throw placed;
  }
}

function leaveOut(ledger: Ledger, passphrase: string, unknown: FlowctlError): Ledger {
  const hashes = new Set(indexEnvelopes(ledger, passphrase).keys());
  const found = resync(ledger, hashes);
  if (found === undefined || !areResults(ledger, found)) throw cannotLeaveOut(unknown);
  const readable = found.filter(({ error }) => error === undefined);
  const unreadable: UnreadableTransaction[] = [];
  for (const { transaction, start, end, error } of found) {
    if (error === undefined) continue;
    unreadable.push({ transaction, start, end, error: atPlace(transaction.label, error) });
  }
  const end = found.at(-1)?.end ?? 0;
  return ledger.withTransactions(readable.map(({ transaction }) => transaction), end, unreadable);
}

function cannotLeaveOut(unknown: FlowctlError): FlowctlError {
  const reason = "it cannot be left out: where the next transaction starts cannot be proven";
  return new FlowctlError(unknown.code, `${unknown.message}; ${reason}`, {
    cause: unknown,
    ...(unknown.hint === undefined ? {} : { hint: unknown.hint }),
  });
}

/** Whether the results hash to what the header states. */
function areResults(ledger: Ledger, found: readonly FoundTransaction[]): boolean {
  const stated = Buffer.from(ledger.headerEntry.header.txSetResultHash).toString("hex");
  const ends = found.map((one) => resultEnds(ledger, one));
  const tries = ends.reduce((product, { length }) => product * length, 1);
  if (tries === 0 || tries > MAX_RESULT_tries) return false;
  for (let chosen = 0; chosen < tries; chosen++) {
    if (hashOfResults(ledger, found, ends, chosen) === stated) return true;
  }
  return false;
}

function hashOfResults(
  { xdr }: Ledger,
  found: readonly FoundTransaction[],
  ends: readonly (readonly number[])[],
  chosen: number,
): string {
  const hash = createHash("sha256").update(uint32(found.length));
  let left = chosen;
  for (const [index, { transaction }] of found.entries()) {
    const choices = ends[index] ?? [];
    const end = choices[left % choices.length] ?? 0;
    left = Math.floor(left / choices.length);
    hash.update(xdr.slice(transaction.pairOffset, end));
  }
  return hash.digest("hex");
}

/** Where the result may end: one byte, unless it is in the result that something is unknown. */
function resultEnds(ledger: Ledger, { transaction, end, error }: FoundTransaction): number[] {
  try {
    return [transaction.feeChangesOffset];
  } catch (thrown) {
    if (error === undefined || !isUnknown(thrown)) throw thrown;
  }
  const ends: number[] = [];
  const first = transaction.resultOffset + RESULT_START_BYTES;
  const last = Math.min(end, first + MAX_RESULT_bytes);
  for (let at = first; at < last; at += WORD_BYTES) if (isResultEnd(ledger, at, end)) ends.push(at);
  return ends;
}

/** Whether fee changes and meta follow that end where the transaction does. */
function isResultEnd({ xdr, version }: Ledger, at: number, end: number): boolean {
  try {
    const metaEnd = skipTransactionMeta(xdr, skipChanges(xdr, at));
    return (version < 2 ? metaEnd : skipChanges(xdr, metaEnd)) === end;
  } catch (thrown) {
    if (thrown instanceof FlowctlError) return false;
    throw thrown;
  }
}

function isUnknown(thrown: unknown): thrown is FlowctlError {
  return thrown instanceof FlowctlError && thrown.code === "xdr/unknown-arm";
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(WORD_BYTES);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
