/** What a transaction paid for itself, and what it got back. */

import { LedgerEntryChangeView, skipLedgerEntryChange } from "../../gen/xdr/ledger-entry-change.ts";
import { accountAddress } from "../address.ts";
import type { LedgerTransaction } from "../ledger-transaction.ts";
import { UNBOUNDED } from "../xdr/xdr-bytes.ts";
import { ArrayView } from "../xdr/xdr-view.ts";
import { changesAfter } from "./entry-changes.ts";
import type { TransactionParts } from "../envelope.ts";

export interface Fees {
  /** Stroops charged before all transactions. */
  readonly charged: bigint;
  /** Stroops of it that came back: a Soroban transaction's unused resources. */
  readonly refunded: bigint;
}

/**
 * A classic transaction's fee is in its result. A Soroban one's is what its fee account lost at the
 * start; what that account gained after the operations is the refund: in the meta, or, since
 * protocol 23, after all transactions.
 */
export function feesOf(transaction: LedgerTransaction, parts: TransactionParts): Fees {
  if (parts.sorobanData === undefined) return { charged: transaction.feeCharged, refunded: 0n };
  const account = parts.feeSource.account;
  const paid = balanceChange(changesAt(transaction, transaction.feeChangesOffset), account);
  let refunded = balanceChange(changesAfter(transaction.meta), account);
  const { postFeeChangesOffset } = transaction;
  if (postFeeChangesOffset !== undefined) {
    refunded += balanceChange(changesAt(transaction, postFeeChangesOffset), account);
  }
  return { charged: -paid, refunded };
}

function changesAt({ xdr }: LedgerTransaction, offset: number): ArrayView<LedgerEntryChangeView> {
  return new ArrayView(xdr, offset + 4, xdr.count(offset, UNBOUNDED, "LedgerEntryChanges"), {
    skip: skipLedgerEntryChange,
    read: (bytes, at) => new LedgerEntryChangeView(bytes, at),
  });
}

/** By how much an account's lumens grew over the changes. */
function balanceChange(changes: Iterable<LedgerEntryChangeView>, address: string): bigint {
  let before: bigint | undefined;
  let after: bigint | undefined;
  for (const change of changes) {
    const account = (change.state ?? change.updated)?.data.account;
    if (account === undefined || accountAddress(account.xdr, account.accountIdOffset) !== address) {
      continue;
    }
    if (change.state !== undefined) before ??= account.balance;
    else after = account.balance;
  }
  return before === undefined || after === undefined ? 0n : after - before;
}
