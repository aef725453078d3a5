/** Operations that pay from one account to another. */

import { accountAddress } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import { amountReceived, amountSent } from "../../stellar/path-payment.ts";
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

function pathOf(path: Iterable<AssetView>): Json {
  const assets = Array.from(path, ({ xdr, offset }) => {
    const { type, code, issuer } = ledgerAsset(xdr, offset);
    return { asset_code: code ?? "", asset_issuer: issuer ?? "", asset_type: type };
  });
  return assets.length === 0 ? null : assets;
}
