/** Every list of entry changes that a ledger holds, in the order in which they happened. */

import {
  LedgerEntryChangeView,
  skipLedgerEntryChange,
} from "../../src/gen/xdr/ledger-entry-change.ts";
import type { Ledger } from "../../src/stellar/ledger.ts";
import type { XdrBytes } from "../../src/stellar/xdr/xdr-bytes.ts";
import { UNBOUNDED } from "../../src/stellar/xdr/xdr-bytes.ts";
import { ArrayView } from "../../src/stellar/xdr/xdr-view.ts";

type Changes = Iterable<LedgerEntryChangeView>;

export function* changeLists(ledger: Ledger): IterableIterator<Changes> {
  for (const transaction of ledger.transactions()) {
    const { xdr, feeChangesOffset, postFeeChangesOffset, meta } = transaction;
    yield changesAt(xdr, feeChangesOffset);
    const whole = meta.v4 ?? meta.v3 ?? meta.v2;
    if (meta.v1 !== undefined) yield meta.v1.txChanges;
    if (whole !== undefined) yield whole.txChangesBefore;
    const operations = meta.operations ?? meta.v1?.operations ?? whole?.operations ?? [];
    for (const operation of operations) yield operation.changes;
    if (whole !== undefined) yield whole.txChangesAfter;
    if (postFeeChangesOffset !== undefined) yield changesAt(xdr, postFeeChangesOffset);
  }
}

function changesAt(xdr: XdrBytes, offset: number): Changes {
  return new ArrayView(xdr, offset + 4, xdr.count(offset, UNBOUNDED, "LedgerEntryChanges"), {
    skip: skipLedgerEntryChange,
    read: (bytes, at) => new LedgerEntryChangeView(bytes, at),
  });
}
