/** Operations that pay from one account to another. */

import { accountAddress } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import type { AssetView } from "../../gen/xdr/asset.ts";
import type { Json } from "../../flow/batch.ts";
import { addAccount, addAccountAt, addAssetAt, type Details } from "./detail-parts.ts";

const NOTHING_PAID = amountText(0n);

export function createAccount(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.createAccountOp, "account creation");
  addAccount(details, applied.source, "funder");
  details["account"] = accountAddress(op.xdr, op.destinationOffset);
  details["starting_balance"] = amountText(op.startingBalance);
}

export function payment(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.paymentOp, "payment");
  addAccount(details, applied.source, "from");
  addAccountAt(details, op.destination, "to");
  details["amount"] = amountText(op.amount);
  addAssetAt(details, op.asset);
}

export function pathPaymentStrictReceive(details: Details, applied: AppliedOperation): void {
  const { body } = applied.operation;
  const op = applied.need(body.pathPaymentStrictReceiveOp, "path payment");
  addAccount(details, applied.source, "from");
  addAccountAt(details, op.destination, "to");
  details["amount"] = amountText(op.destAmount);
  details["source_amount"] = applied.of.successful ? amountText(amountSent(applied)) : NOTHING_PAID;
  details["source_max"] = amountText(op.sendMax);
  addAssetAt(details, op.destAsset);
  addAssetAt(details, op.sendAsset, "source_");
  details["path"] = pathOf(op.path);
}

export function pathPaymentStrictSend(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.pathPaymentStrictSendOp, "path payment");
  addAccount(details, applied.source, "from");
  addAccountAt(details, op.destination, "to");
  details["amount"] = applied.of.successful ? amountText(amountReceived(applied)) : NOTHING_PAID;
  details["source_amount"] = amountText(op.sendAmount);
  details["destination_min"] = amountText(op.destMin);
  addAssetAt(details, op.destAsset);
  addAssetAt(details, op.sendAsset, "source_");
  details["path"] = pathOf(op.path);
}

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

function pathOf(path: Iterable<AssetView>): Json {
  const assets = Array.from(path, ({ xdr, offset }) => {
    const { type, code, issuer } = ledgerAsset(xdr, offset);
    return { asset_code: code ?? "", asset_issuer: issuer ?? "", asset_type: type };
  });
  return assets.length === 0 ? null : assets;
}
