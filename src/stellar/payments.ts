/** Payments: operations by which an account gives assets to another one. */

import { OperationType } from "../gen/xdr/operation-type.ts";
import { accountAddress, type MuxedAccount, muxedAccount } from "./address.ts";
import { type LedgerAsset, ledgerAsset, NATIVE_ASSET } from "./ledger-asset.ts";
import { amountReceived, amountSent } from "./path-payment.ts";
import type { AppliedOperation } from "./transaction-operations.ts";

export interface Payment {
  readonly from: MuxedAccount;
  readonly to: MuxedAccount;
  /** What arrived; amounts are stroops. */
  readonly asset: LedgerAsset;
  readonly amount: bigint;
  /** What it cost the sender: something else only in a path payment. */
  readonly sentAsset: LedgerAsset;
  readonly sentAmount: bigint;
}

/** Of an operation of a successful transaction; undefined: it is no payment. */
export function paymentOf(applied: AppliedOperation): Payment | undefined {
  switch (applied.operation.body.type) {
    case OperationType.payment:
      return payment(applied);
    case OperationType.pathPaymentStrictReceive:
      return strictReceive(applied);
    case OperationType.pathPaymentStrictSend:
      return strictSend(applied);
    case OperationType.createAccount:
      return accountCreation(applied);
    case OperationType.accountMerge:
      return accountMerge(applied);
    default:
      return undefined;
  }
}

function payment(applied: AppliedOperation): Payment {
  const op = applied.need(applied.operation.body.paymentOp, "payment");
  const to = muxedAccount(op.xdr, op.destinationOffset);
  return direct(applied, to, ledgerAsset(op.xdr, op.assetOffset), op.amount);
}

function accountCreation(applied: AppliedOperation): Payment {
  const op = applied.need(applied.operation.body.createAccountOp, "account creation");
  const account = accountAddress(op.xdr, op.destinationOffset);
  const to = { account, muxed: undefined, id: undefined };
  return direct(applied, to, NATIVE_ASSET, op.startingBalance);
}

function accountMerge(applied: AppliedOperation): Payment {
  const into = applied.need(applied.operation.body.destination, "destination");
  const balance = applied.outcome.accountMergeResult?.sourceAccountBalance;
  const to = muxedAccount(into.xdr, into.offset);
  return direct(applied, to, NATIVE_ASSET, applied.need(balance, "balance"));
}

function direct(
  { source }: AppliedOperation,
  to: MuxedAccount,
  asset: LedgerAsset,
  amount: bigint,
): Payment {
  return { from: source, to, asset, amount, sentAsset: asset, sentAmount: amount };
}

function strictReceive(applied: AppliedOperation): Payment {
  const { body } = applied.operation;
  const op = applied.need(body.pathPaymentStrictReceiveOp, "path payment");
  return {
    from: applied.source,
    to: muxedAccount(op.xdr, op.destinationOffset),
    asset: ledgerAsset(op.xdr, op.destAssetOffset),
    amount: op.destAmount,
    sentAsset: ledgerAsset(op.xdr, op.sendAssetOffset),
    sentAmount: amountSent(applied),
  };
}

function strictSend(applied: AppliedOperation): Payment {
  const op = applied.need(applied.operation.body.pathPaymentStrictSendOp, "path payment");
  return {
    from: applied.source,
    to: muxedAccount(op.xdr, op.destinationOffset),
    asset: ledgerAsset(op.xdr, op.destAssetOffset),
    amount: amountReceived(applied),
    sentAsset: ledgerAsset(op.xdr, op.sendAssetOffset),
    sentAmount: op.sendAmount,
  };
}
