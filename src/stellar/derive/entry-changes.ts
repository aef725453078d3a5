/** Changes of ledger entries as pairs: what an entry was, and what it became. */

import type { LedgerEntryChangeView } from "../../gen/xdr/ledger-entry-change.ts";
import type { LedgerEntryDataView } from "../../gen/xdr/ledger-entry-data.ts";
import type { TransactionMetaView } from "../../gen/xdr/transaction-meta.ts";
import type { ArrayView } from "../xdr/xdr-view.ts";

export interface EntryChange {
  /** Undefined: the entry is new. */
  readonly before: LedgerEntryDataView | undefined;
  /** Undefined: the entry is gone. */
  readonly after: LedgerEntryDataView | undefined;
}

/** A state is followed by the update or removal that it belongs to. */
export function* pairChanges(
  changes: Iterable<LedgerEntryChangeView>,
): IterableIterator<EntryChange> {
  let before: LedgerEntryDataView | undefined;
  for (const change of changes) {
    const state = change.state;
    if (state !== undefined) {
      before = state.data;
      continue;
    }
    const entry = change.created ?? change.updated ?? change.restored;
    yield { before: change.created === undefined ? before : undefined, after: entry?.data };
    before = undefined;
  }
}

/** The changes that an operation made; none when the meta does not reach it. */
export function operationChanges(
  meta: TransactionMetaView,
  operation: number,
): Iterable<LedgerEntryChangeView> {
  const operations: ArrayView<{ readonly changes: ArrayView<LedgerEntryChangeView> }> | undefined =
    meta.v4?.operations ?? (meta.v3 ?? meta.v2 ?? meta.v1)?.operations ?? meta.operations;
  return operations?.at(operation)?.changes ?? [];
}

/** What the transaction as a whole changed after its operations: refunds before protocol 23. */
export function changesAfter(meta: TransactionMetaView): Iterable<LedgerEntryChangeView> {
  return (meta.v4 ?? meta.v3 ?? meta.v2)?.txChangesAfter ?? [];
}
