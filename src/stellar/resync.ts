/**
 * Finds the transactions of a ledger again behind one that cannot be read. XDR does not say where
 * a value ends, so the next place is looked for at which the hash of a transaction of the set
 * stands. A way through these places counts only if it is whole (as many transactions as the
 * ledger states, then the tail, then nothing), and only if there is no other one.
 */

import { FlowctlError } from "../spec/errors.ts";
import { findEvents } from "./contract-events.ts";
import type { Ledger } from "./ledger.ts";
import { LedgerTransaction } from "./ledger-transaction.ts";

const WORD_BYTES = 4;
const HASH_BYTES = 32;

/** Places with the hash of a transaction that is not there; with more, nothing can be told. */
export const MAX_STRAY_places = 8;

export interface FoundTransaction {
  readonly transaction: LedgerTransaction;
  readonly start: number;
  readonly end: number;
  /** What it holds that is unknown; undefined: it can be read. */
  readonly error: FlowctlError | undefined;
}

interface Place {
  readonly start: number;
  /** Undefined: it is no transaction. */
  readonly reading: Reading | undefined;
}

type Reading =
  | { readonly end: number }
  /** It ends somewhere after `atLeast`. */
  | { readonly error: FlowctlError; readonly atLeast: number };

/** A way from a place, as its next step. */
interface Way {
  /** Where the transaction ends. */
  readonly end: number;
  /** Undefined: it is the last one. */
  readonly next: number | undefined;
}

/**
 * Every transaction, in apply order. `hashes`: of the set, hex. Undefined: there is no way through
 * the ledger, or more than one.
 */
export function resync(
  ledger: Ledger,
  hashes: ReadonlySet<string>,
): readonly FoundTransaction[] | undefined {
  const count = ledger.transactionCount;
  const starts = findStarts(ledger, hashes);
  const stray = starts.length - count;
  const first = ledger.transactionsOffset + WORD_BYTES;
  if (count === 0 || stray < 0 || stray > MAX_STRAY_places || starts[0] !== first) return undefined;
  const places = starts.map((start): Place => ({ start, reading: readingOf(ledger, start) }));
  return follow(ledger, places, findSteps(ledger, places, stray));
}

/** Bytes where a TransactionResultMeta may start: a hash of the set, in version 2 behind a zero. */
function findStarts(ledger: Ledger, hashes: ReadonlySet<string>): readonly number[] {
  const { xdr, version } = ledger;
  const before = version < 2 ? 0 : WORD_BYTES;
  const words = new Set([...hashes].map((hash) => parseInt(hash.slice(0, 8), 16)));
  const starts: number[] = [];
  const last = xdr.length - HASH_BYTES;
  for (let at = ledger.transactionsOffset + WORD_BYTES + before; at <= last; at += WORD_BYTES) {
    if (!words.has(xdr.uint32(at, "TransactionResultPair"))) continue;
    if (!hashes.has(xdr.hex(at, at + HASH_BYTES))) continue;
    if (before === 0 || xdr.uint32(at - before, "ExtensionPoint") === 0) starts.push(at - before);
  }
  return starts;
}

function readingOf({ xdr, version }: Ledger, start: number): Reading | undefined {
  const transaction = new LedgerTransaction(xdr, start, 0, version);
  let atLeast = transaction.resultOffset;
  try {
    atLeast = transaction.feeChangesOffset;
    atLeast = transaction.metaOffset;
    findEvents(transaction);
    atLeast = transaction.metaEnd;
    return { end: transaction.endOffset };
  } catch (error) {
    if (!(error instanceof FlowctlError) || error.code !== "xdr/unknown-arm") return undefined;
    return { error, atLeast: atLeast + WORD_BYTES };
  }
}

/**
 * By place and by how many places before it are stray, the only way on from there; "many" where
 * there are several.
 */
function findSteps(
  ledger: Ledger,
  places: readonly Place[],
  stray: number,
): ReadonlyMap<number, Way | "many"> {
  const width = stray + 1;
  const count = places.length - stray;
  const at = new Map(places.map(({ start }, place) => [start, place]));
  const tails = tailFinder(ledger);
  const steps = new Map<number, Way | "many">();

  /** Steps to the transaction after number `index` (from 0) from place `from`. */
  function* waysOn(reading: Reading, from: number, index: number): Generator<Way> {
    if (index === count - 1) {
      const ends = "end" in reading ? tails.at(reading.end) : tails.after(reading.atLeast);
      for (const end of ends) yield { end, next: undefined };
      return;
    }
    const exact = "end" in reading ? at.get(reading.end) : undefined;
    if ("end" in reading && exact === undefined) return;
    const last = Math.min(index + 1 + stray, places.length - 1);
    for (let next = exact ?? from + 1; next <= (exact ?? last); next++) {
      const end = places[next]?.start ?? 0;
      const known = "end" in reading || end >= reading.atLeast;
      const strays = next - index - 1;
      if (!known || strays < 0 || strays > stray) continue;
      const step = steps.get(next * width + strays);
      if (step === undefined) continue;
      yield { end, next: next * width + strays };
      if (step === "many") yield { end, next: next * width + strays };
    }
  }

  for (let place = places.length - 1; place >= 0; place--) {
    const reading = places[place]?.reading;
    if (reading === undefined) continue;
    for (let strays = 0; strays <= Math.min(stray, place); strays++) {
      const [way, other] = [...waysOn(reading, place, place - strays)];
      if (way !== undefined) steps.set(place * width + strays, other === undefined ? way : "many");
    }
  }
  return steps;
}

function tailFinder(ledger: Ledger) {
  const known = new Map<number, boolean>();
  const fits = (offset: number): boolean => {
    let fit = known.get(offset);
    if (fit === undefined) known.set(offset, fit = holds(() => ledger.checkTail(offset)));
    return fit;
  };
  return {
    /** The offset if the tail of the ledger starts there. */
    at: (offset: number): readonly number[] => fits(offset) ? [offset] : [],
    *after(offset: number): Generator<number> {
      for (let at = offset; at < ledger.xdr.length; at += WORD_BYTES) if (fits(at)) yield at;
    },
  };
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (thrown) {
    if (thrown instanceof FlowctlError) return false;
    throw thrown;
  }
}

function follow(
  { xdr, version, transactionCount }: Ledger,
  places: readonly Place[],
  steps: ReadonlyMap<number, Way | "many">,
): readonly FoundTransaction[] | undefined {
  const width = places.length - transactionCount + 1;
  const found: FoundTransaction[] = [];
  for (let key: number | undefined = 0; key !== undefined;) {
    const place = places[Math.floor(key / width)];
    const way = steps.get(key);
    if (place?.reading === undefined || way === undefined || way === "many") return undefined;
    const { start, reading } = place;
    const transaction = new LedgerTransaction(xdr, start, found.length + 1, version);
    const error = "error" in reading ? reading.error : undefined;
    found.push({ transaction, start, end: way.end, error });
    key = way.next;
  }
  return found;
}
