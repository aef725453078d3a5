/** What path payments came to, which their results tell. */

import { ledgerAsset } from "./ledger-asset.ts";
import type { AppliedOperation } from "./transaction-operations.ts";

/**
 * What the sender of a strict-receive path payment paid: what the trades in the first asset took,
 * or, without any trade, what arrived.
 */
export function amountSent(applied: AppliedOperation): bigint {
  const { offers, last } = applied.need(
    applied.outcome.pathPaymentStrictReceiveResult?.success,
    "path payment's result",
  );
  if (offers.length === 0) return last.amount;
  let first: string | undefined;
  let total = 0n;
  for (const atom of offers) {
    const trade = applied.need(atom.v0 ?? atom.orderBook ?? atom.liquidityPool, "trade");
    const { name } = ledgerAsset(trade.xdr, trade.assetBoughtOffset);
    if (name !== (first ??= name)) break;
    total += trade.amountBought;
  }
  return total;
}

/** What arrived of a strict-send path payment. */
export function amountReceived(applied: AppliedOperation): bigint {
  const result = applied.outcome.pathPaymentStrictSendResult?.success;
  return applied.need(result, "path payment's result").last.amount;
}
