/** Changes of ledger entries as pairs of whole entries: with their sponsors, unlike their data. */

import type { LedgerEntryChangeView } from "../gen/xdr/ledger-entry-change.ts";
import type { LedgerEntryView } from "../gen/xdr/ledger-entry.ts";
import { accountAddress } from "./address.ts";

export interface EntryPair {
  /** Undefined: the entry is new. */
  readonly before: LedgerEntryView | undefined;
  /** Undefined: the entry is gone. */
  readonly after: LedgerEntryView | undefined;
}

/** In the order of the meta. A state is followed by the update or removal that it belongs to. */
export function entryPairs(changes: Iterable<LedgerEntryChangeView>): EntryPair[] {
  const pairs: EntryPair[] = [];
  let before: LedgerEntryView | undefined;
  for (const change of changes) {
    const state = change.state;
    if (state !== undefined) {
      before = state;
      continue;
    }
    const created = change.created;
    if (created !== undefined) pairs.push({ before: undefined, after: created });
    else pairs.push({ before, after: change.updated ?? change.restored });
    before = undefined;
  }
  return pairs;
}

/** LedgerEntryType of an entry, which stands behind the ledger of its last change. */
export function entryType({ xdr, offset }: LedgerEntryView): number {
  return xdr.int32(offset + 4, "LedgerEntryData");
}

/** Who pays an entry's reserve in its owner's place (CAP-33); undefined: nobody. */
export function sponsorOf(entry: LedgerEntryView | undefined): string | undefined {
  // Most entries have no extension: no view is made of it.
  if (entry === undefined || entry.xdr.int32(entry.extOffset, "LedgerEntryExt") === 0) {
    return undefined;
  }
  const sponsor = entry.ext.v1?.sponsoringId;
  return sponsor === undefined || sponsor === null
    ? undefined
    : accountAddress(sponsor.xdr, sponsor.offset);
}
