/** Effects on claimable balances (CAP-23). */

import type { ClaimableBalanceEntryView } from "../../gen/xdr/claimable-balance-entry.ts";
import { accountAddress } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { claimPredicateJson } from "../../stellar/claim-predicate.ts";
import type { EntryPair } from "../../stellar/entry-pairs.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import type { XdrView } from "../../stellar/xdr/xdr-view.ts";
import { amountDetails, type EffectDetails, type EffectList } from "./effect-list.ts";

/** ClaimableBalanceFlags. */
const CLAWBACK_ENABLED = 1;

export function createClaimableBalance(list: EffectList, applied: AppliedOperation): void {
  const created = createdBalances(applied.changes)[0];
  const balance = applied.need(created, "claimable balance");
  balanceCreated(list, applied, balance);
  const asset = ledgerAsset(balance.xdr, balance.assetOffset);
  list.addMuxed(applied.source, "account_debited", amountDetails(balance.amount, asset));
}

export function claimClaimableBalance(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.claimClaimableBalanceOp, "claim");
  const id = balanceIdHex(op.balanceId);
  const balance = removedBalances(applied.changes).find((b) => balanceIdHex(b.balanceId) === id);
  const claimed = applied.need(balance, "removed claimable balance");
  list.addMuxed(applied.source, "claimable_balance_claimed", balanceDetails(claimed));
  const asset = ledgerAsset(claimed.xdr, claimed.assetOffset);
  list.addMuxed(applied.source, "account_credited", amountDetails(claimed.amount, asset));
}

export function clawbackClaimableBalance(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.clawbackClaimableBalanceOp, "clawback");
  const details = { balance_id: balanceIdHex(op.balanceId) };
  list.addMuxed(applied.source, "claimable_balance_clawed_back", details);
  const balance = removedBalances(applied.changes)[0];
  if (balance === undefined) return;
  const asset = ledgerAsset(balance.xdr, balance.assetOffset);
  list.addMuxed(applied.source, "account_credited", amountDetails(balance.amount, asset));
}

/** A new balance and each of its claimants. */
export function balanceCreated(
  list: EffectList,
  applied: AppliedOperation,
  balance: ClaimableBalanceEntryView,
): void {
  list.addMuxed(applied.source, "claimable_balance_created", balanceDetails(balance));
  const asset = ledgerAsset(balance.xdr, balance.assetOffset).canonical;
  const id = balanceIdHex(balance.balanceId);
  const amount = amountText(balance.amount);
  // The entry has times in the place of the spans that the operation gives.
  const op = applied.operation.body.createClaimableBalanceOp;
  for (const claimant of (op ?? balance).claimants) {
    const { xdr, destinationOffset, predicate } = applied.need(claimant.v0, "claimant");
    list.add(accountAddress(xdr, destinationOffset), "claimable_balance_claimant_created", {
      balance_id: id,
      amount,
      predicate: claimPredicateJson(predicate),
      asset,
    });
  }
}

export function createdBalances(changes: readonly EntryPair[]): ClaimableBalanceEntryView[] {
  return changes.flatMap(({ before, after }) => {
    const balance = before === undefined ? after?.data.claimableBalance : undefined;
    return balance === undefined ? [] : [balance];
  });
}

function removedBalances(changes: readonly EntryPair[]): ClaimableBalanceEntryView[] {
  return changes.flatMap(({ before, after }) => {
    const balance = after === undefined ? before?.data.claimableBalance : undefined;
    return balance === undefined ? [] : [balance];
  });
}

/** Hex of the id's XDR. */
export function balanceIdHex({ xdr, offset, endOffset }: XdrView): string {
  return xdr.hex(offset, endOffset);
}

function balanceDetails(balance: ClaimableBalanceEntryView): EffectDetails {
  const flags = balance.ext.v1?.flags ?? 0;
  return {
    balance_id: balanceIdHex(balance.balanceId),
    amount: amountText(balance.amount),
    asset: ledgerAsset(balance.xdr, balance.assetOffset).canonical,
    ...((flags & CLAWBACK_ENABLED) === 0 ? {} : { claimable_balance_clawback_enabled_flag: true }),
  };
}
