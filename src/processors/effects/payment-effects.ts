/** Effects of operations that pay: the one who gets is named before the one who gives. */

import { accountAddress, muxedAccount } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import { ledgerAsset, NATIVE_ASSET } from "../../stellar/ledger-asset.ts";
import { amountReceived, amountSent } from "../../stellar/path-payment.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { amountDetails, type EffectList } from "./effect-list.ts";
import { tradeEffects } from "./trade-effects.ts";

/** What an account's own key weighs when the account is new. */
const DEFAULT_SIGNER_WEIGHT = 1;

export function createAccount(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.createAccountOp, "account creation");
  const account = accountAddress(op.xdr, op.destinationOffset);
  list.add(account, "account_created", { starting_balance: amountText(op.startingBalance) });
  list.addMuxed(applied.source, "account_debited", amountDetails(op.startingBalance, NATIVE_ASSET));
  list.add(account, "signer_created", { public_key: account, weight: DEFAULT_SIGNER_WEIGHT });
}

export function payment(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.paymentOp, "payment");
  const details = amountDetails(op.amount, ledgerAsset(op.xdr, op.assetOffset));
  list.addMuxed(muxedAccount(op.xdr, op.destinationOffset), "account_credited", details);
  list.addMuxed(applied.source, "account_debited", details);
}

export function pathPaymentStrictReceive(list: EffectList, applied: AppliedOperation): void {
  const { body } = applied.operation;
  const op = applied.need(body.pathPaymentStrictReceiveOp, "path payment");
  const credited = amountDetails(op.destAmount, ledgerAsset(op.xdr, op.destAssetOffset));
  const debited = amountDetails(amountSent(applied), ledgerAsset(op.xdr, op.sendAssetOffset));
  list.addMuxed(muxedAccount(op.xdr, op.destinationOffset), "account_credited", credited);
  list.addMuxed(applied.source, "account_debited", debited);
  tradeEffects(list, applied);
}

export function pathPaymentStrictSend(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.pathPaymentStrictSendOp, "path payment");
  const credited = amountDetails(amountReceived(applied), ledgerAsset(op.xdr, op.destAssetOffset));
  const debited = amountDetails(op.sendAmount, ledgerAsset(op.xdr, op.sendAssetOffset));
  list.addMuxed(muxedAccount(op.xdr, op.destinationOffset), "account_credited", credited);
  list.addMuxed(applied.source, "account_debited", debited);
  tradeEffects(list, applied);
}

export function accountMerge(list: EffectList, applied: AppliedOperation): void {
  const into = applied.need(applied.operation.body.destination, "destination");
  const balance = applied.outcome.accountMergeResult?.sourceAccountBalance;
  const details = amountDetails(applied.need(balance, "balance"), NATIVE_ASSET);
  list.addMuxed(applied.source, "account_debited", details);
  list.addMuxed(muxedAccount(into.xdr, into.offset), "account_credited", details);
  list.addMuxed(applied.source, "account_removed", {});
}

export function inflation(list: EffectList, applied: AppliedOperation): void {
  const payouts = applied.need(applied.outcome.inflationResult?.payouts, "payouts");
  for (const { xdr, destinationOffset, amount } of payouts) {
    const account = accountAddress(xdr, destinationOffset);
    list.add(account, "account_credited", amountDetails(amount, NATIVE_ASSET));
  }
}

export function clawback(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.clawbackOp, "clawback");
  const details = amountDetails(op.amount, ledgerAsset(op.xdr, op.assetOffset));
  list.addMuxed(applied.source, "account_credited", details);
  list.addMuxed(muxedAccount(op.xdr, op.fromOffset), "account_debited", details);
}
