/** All entries of the sandbox's ledger, and what changes in them, as core writes it into meta. */

import { xdr } from "@stellar/stellar-sdk";
import { concat, uint32 } from "./bytes.ts";

export type Entry = xdr.LedgerEntryWire;
export type EntryData = Entry["data"];
export type LedgerKey = xdr.LedgerKeyWire;

const CREATED = uint32(0);
const UPDATED = uint32(1);
const REMOVED = uint32(2);
const STATE = uint32(3);

/** An entry with its key; both are values that are never changed, only replaced. */
interface Slot {
  readonly entry: Entry;
  readonly key: LedgerKey;
}

/** A change of one entry inside one scope; undefined: it does not exist. */
interface Change {
  readonly before: Slot | undefined;
  after: Slot | undefined;
}

/** A stretch of changes (an operation, a fee) that is kept or taken back as one. */
type Scope = Map<string, Change>;

export interface LedgerState {
  /** Sequence and close time of the ledger that is being made. */
  readonly sequence: number;
  readonly closeTime: bigint;
  startLedger(sequence: number, closeTime: bigint): void;
  get(name: string): EntryData | undefined;
  /** Creates or replaces the entry. Without a change of its data it still counts as updated. */
  put(name: string, key: LedgerKey, data: EntryData): void;
  remove(name: string): void;
  /** The offers of a book (what stands between "offer/" and ":" in their names), best first. */
  offers(book: string): readonly OfferEntry[];
  begin(): void;
  /** Ends the innermost scope and returns what it changed, in the order of first touch. */
  commit(): readonly Change[];
  /** Ends the innermost scope as if it had never been. */
  rollback(): void;
}

export type OfferEntry = xdr.OfferEntryWire;

const OFFER_NAME = /^offer\/([^:]+):/;

function offerIn(slot: Slot | undefined): OfferEntry | undefined {
  return slot?.entry.data.type === 2 ? slot.entry.data.offer : undefined;
}

/** Better price first, then older. */
function compareOffers(a: OfferEntry, b: OfferEntry): number {
  return a.price.n * b.price.d - b.price.n * a.price.d || Number(a.offerId - b.offerId);
}

/** Where the offer stands in the sorted list, or would stand. */
function placeOf(offers: readonly OfferEntry[], offer: OfferEntry): number {
  let [low, high] = [0, offers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = offers[middle];
    if (other !== undefined && compareOffers(other, offer) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function ledgerState(): LedgerState {
  const slots = new Map<string, Slot>();
  const books = new Map<string, OfferEntry[]>();
  const scopes: Scope[] = [];
  let sequence = 0;
  let closeTime = 0n;

  const set = (name: string, slot: Slot | undefined): void => {
    const old = slots.get(name);
    if (slot === undefined) slots.delete(name);
    else slots.set(name, slot);
    const book = OFFER_NAME.exec(name)?.[1];
    if (book === undefined) return;
    const offers = books.get(book) ?? [];
    books.set(book, offers);
    const before = offerIn(old);
    const after = offerIn(slot);
    if (before !== undefined) offers.splice(placeOf(offers, before), 1);
    if (after !== undefined) offers.splice(placeOf(offers, after), 0, after);
  };
  const record = (name: string, after: Slot | undefined): void => {
    const scope = scopes.at(-1);
    const change = scope?.get(name);
    if (change !== undefined) change.after = after;
    else scope?.set(name, { before: slots.get(name), after });
    set(name, after);
  };
  const endScope = (): Scope => {
    const scope = scopes.pop();
    if (scope === undefined) throw new Error("no scope is open");
    return scope;
  };

  return {
    get sequence() {
      return sequence;
    },
    get closeTime() {
      return closeTime;
    },
    startLedger(next, time) {
      sequence = next;
      closeTime = time;
    },
    get: (name) => slots.get(name)?.entry.data,
    put(name, key, data) {
      record(name, { key, entry: { lastModifiedLedgerSeq: sequence, data, ext: { v: 0 } } });
    },
    remove: (name) => record(name, undefined),
    offers: (book) => books.get(book) ?? [],
    begin: () => void scopes.push(new Map()),
    commit() {
      const scope = endScope();
      const outer = scopes.at(-1);
      for (const [name, change] of scope) {
        const known = outer?.get(name);
        if (known !== undefined) known.after = change.after;
        else outer?.set(name, { ...change });
      }
      return [...scope.values()];
    },
    rollback() {
      for (const [name, change] of endScope()) set(name, change.before);
    },
  };
}

/** Entries are replaced, not changed, so the bytes of "after" serve again as the next "before". */
const encodedEntries = new WeakMap<Entry, Uint8Array>();

function encodeEntry(entry: Entry): Uint8Array {
  let bytes = encodedEntries.get(entry);
  if (bytes === undefined) {
    bytes = xdr.LedgerEntry.schema.encode(entry);
    encodedEntries.set(entry, bytes);
  }
  return bytes;
}

/** LedgerEntryChanges: the state before, then what became of it. */
export function encodeChanges(changes: readonly Change[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let count = 0;
  for (const { before, after } of changes) {
    if (before !== undefined) {
      parts.push(STATE, encodeEntry(before.entry));
      count++;
    }
    if (after !== undefined) {
      parts.push(before === undefined ? CREATED : UPDATED, encodeEntry(after.entry));
      count++;
    } else if (before !== undefined) {
      parts.push(REMOVED, xdr.LedgerKey.schema.encode(before.key));
      count++;
    }
  }
  return concat([uint32(count), ...parts]);
}
export type { Change };
