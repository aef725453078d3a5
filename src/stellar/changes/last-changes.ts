/**
 * What a ledger did to each entry, all in all: one change per entry, from its state before the
 * ledger to its last one, by the rules of Stellar's own ingestion.
 */

import { LedgerEntryChangeType } from "../../gen/xdr/ledger-entry-change-type.ts";
import type { XdrBytes } from "../xdr/xdr-bytes.ts";
import { type EntryChange, entryOffset } from "./entry-change.ts";
import { entryKey } from "./entry-key.ts";

const { ledgerEntryCreated, ledgerEntryUpdated, ledgerEntryRemoved, ledgerEntryRestored } =
  LedgerEntryChangeType;

/** In the order in which the ledger first touched the entries. */
export function lastChanges(xdr: XdrBytes, changes: Iterable<EntryChange>): EntryChange[] {
  const last = new Map<string, EntryChange>();
  for (const change of changes) {
    const { type, start, end } = entryKey(xdr, entryOffset(change));
    const key = String.fromCharCode(type) + xdr.latin1(start, end);
    const earlier = last.get(key);
    const joined = earlier === undefined ? change : join(earlier, change);
    if (joined === undefined) last.delete(key);
    else last.set(key, joined);
  }
  return [...last.values()];
}

/** Undefined: the ledger made the entry and took it away again. */
function join(earlier: EntryChange, later: EntryChange): EntryChange | undefined {
  if (later.kind === ledgerEntryRemoved) {
    if (earlier.kind === ledgerEntryCreated) return undefined;
    return { ...later, before: earlier.before ?? later.before };
  }
  return { ...later, before: earlier.before, kind: joinedKind(earlier.kind, later.kind) };
}

function joinedKind(
  earlier: LedgerEntryChangeType,
  later: LedgerEntryChangeType,
): LedgerEntryChangeType {
  if (later === ledgerEntryRestored) {
    return earlier === ledgerEntryCreated ? ledgerEntryCreated : ledgerEntryRestored;
  }
  // Removed and made anew is, all in all, an update.
  return earlier === ledgerEntryRemoved ? ledgerEntryUpdated : earlier;
}
