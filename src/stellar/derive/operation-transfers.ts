/**
 * The transfers of a successful classic operation as CAP-67 prescribes them, from the operation,
 * its result and the entries that it changed.
 */

import type { ClaimAtomView } from "../../gen/xdr/claim-atom.ts";
import type { ClaimableBalanceEntryView } from "../../gen/xdr/claimable-balance-entry.ts";
import { OperationType } from "../../gen/xdr/operation-type.ts";
import { accountAddress, claimableBalanceAddress, muxedAccount, poolAddress } from "../address.ts";
import { addressOfKey } from "../address-cache.ts";
import type { MuxedAccountView } from "../../gen/xdr/muxed-account.ts";
import { StrkeyVersion } from "../strkey.ts";
import type { Transfer } from "../transfer.ts";
import type { XdrBytes } from "../xdr/xdr-bytes.ts";
import { assetAt } from "./asset-at.ts";
import type { OperationScope, Party } from "./operation-scope.ts";
import { depositTransfers, withdrawTransfers } from "./pool-transfers.ts";
import { revocationTransfers } from "./revocation-transfers.ts";

type Derive = (scope: OperationScope) => readonly Transfer[];

const NONE: readonly Transfer[] = [];

/** Operations that are not here move no tokens; contract calls are read from their events. */
const DERIVE: ReadonlyMap<number, Derive> = new Map<number, Derive>([
  [OperationType.createAccount, createAccount],
  [OperationType.payment, payment],
  [OperationType.pathPaymentStrictReceive, pathPaymentStrictReceive],
  [OperationType.pathPaymentStrictSend, pathPaymentStrictSend],
  [OperationType.manageSellOffer, manageSellOffer],
  [OperationType.createPassiveSellOffer, createPassiveSellOffer],
  [OperationType.manageBuyOffer, manageBuyOffer],
  [OperationType.accountMerge, accountMerge],
  [OperationType.inflation, inflation],
  [OperationType.createClaimableBalance, createClaimableBalance],
  [OperationType.claimClaimableBalance, claimClaimableBalance],
  [OperationType.clawback, clawback],
  [OperationType.clawbackClaimableBalance, clawbackClaimableBalance],
  [OperationType.allowTrust, revocationTransfers],
  [OperationType.setTrustLineFlags, revocationTransfers],
  [OperationType.liquidityPoolDeposit, depositTransfers],
  [OperationType.liquidityPoolWithdraw, withdrawTransfers],
]);

export function operationTransfers(scope: OperationScope): readonly Transfer[] {
  return DERIVE.get(scope.operation.body.type)?.(scope) ?? NONE;
}

function partyOf({ xdr, offset }: MuxedAccountView): Party {
  const { account, id } = muxedAccount(xdr, offset);
  return { address: account, id };
}

function addressParty(address: string): Party {
  return { address, id: undefined };
}

function createAccount(scope: OperationScope): readonly Transfer[] {
  const { xdr, destinationOffset, startingBalance } = scope.need(
    scope.operation.body.createAccountOp,
    "account creation",
  );
  const to = addressParty(accountAddress(xdr, destinationOffset));
  return [scope.move(scope.assets.native, scope.sourceParty, to, startingBalance, true)];
}

function payment(scope: OperationScope): readonly Transfer[] {
  const { asset, destination, amount } = scope.need(scope.operation.body.paymentOp, "payment");
  const known = assetAt(asset, scope.assets);
  return [scope.move(known, scope.sourceParty, partyOf(destination), amount, true)];
}

function pathPaymentStrictReceive(scope: OperationScope): readonly Transfer[] {
  const { body } = scope.operation;
  const { destination, destAsset, destAmount } = scope.need(
    body.pathPaymentStrictReceiveOp,
    "path payment",
  );
  const result = scope.result.pathPaymentStrictReceiveResult?.success;
  const { offers } = scope.need(result, "path payment");
  const asset = assetAt(destAsset, scope.assets);
  const last = scope.move(asset, scope.sourceParty, partyOf(destination), destAmount, true);
  return [...trades(scope, offers), last];
}

function pathPaymentStrictSend(scope: OperationScope): readonly Transfer[] {
  const { body } = scope.operation;
  const { destination, destAsset } = scope.need(body.pathPaymentStrictSendOp, "path payment");
  const result = scope.result.pathPaymentStrictSendResult?.success;
  const { offers, last } = scope.need(result, "path payment");
  const asset = assetAt(destAsset, scope.assets);
  const paid = scope.move(asset, scope.sourceParty, partyOf(destination), last.amount, true);
  return [...trades(scope, offers), paid];
}

function manageSellOffer(scope: OperationScope): readonly Transfer[] {
  const result = scope.result.manageSellOfferResult?.success;
  return trades(scope, scope.need(result, "offer").offersClaimed);
}

/** Early versions of core gave its result the type of the other offer operation. */
function createPassiveSellOffer(scope: OperationScope): readonly Transfer[] {
  const { createPassiveSellOfferResult, manageSellOfferResult } = scope.result;
  const result = (createPassiveSellOfferResult ?? manageSellOfferResult)?.success;
  return trades(scope, scope.need(result, "offer").offersClaimed);
}

function manageBuyOffer(scope: OperationScope): readonly Transfer[] {
  const result = scope.result.manageBuyOfferResult?.success;
  return trades(scope, scope.need(result, "offer").offersClaimed);
}

/** Both halves of each trade, without ids: a trade has no recipient that a memo could mean. */
function trades(scope: OperationScope, atoms: Iterable<ClaimAtomView>): Transfer[] {
  const own = addressParty(scope.source.account);
  const transfers: Transfer[] = [];
  for (const atom of atoms) {
    const trade = scope.need(atom.v0 ?? atom.orderBook ?? atom.liquidityPool, "trade");
    const other = addressParty(counterparty(atom));
    const sold = assetAt(trade.assetSold, scope.assets);
    const bought = assetAt(trade.assetBought, scope.assets);
    transfers.push(scope.move(sold, other, own, trade.amountSold, false));
    transfers.push(scope.move(bought, own, other, trade.amountBought, false));
  }
  return transfers;
}

function counterparty({ xdr, v0, orderBook, liquidityPool }: ClaimAtomView): string {
  if (orderBook !== undefined) return accountAddress(xdr, orderBook.sellerIdOffset);
  if (liquidityPool !== undefined) return poolAddress(xdr, liquidityPool.liquidityPoolIdOffset);
  return addressOfKey(xdr, v0?.sellerEd25519Offset ?? xdr.length, StrkeyVersion.account);
}

function accountMerge(scope: OperationScope): readonly Transfer[] {
  const balance = scope.result.accountMergeResult?.sourceAccountBalance;
  if (balance === undefined) return NONE;
  const destination = scope.need(scope.operation.body.destination, "account merge");
  return [scope.move(scope.assets.native, scope.sourceParty, partyOf(destination), balance, true)];
}

function inflation(scope: OperationScope): readonly Transfer[] {
  const payouts = scope.need(scope.result.inflationResult?.payouts, "inflation");
  const { native } = scope.assets;
  return payouts.toArray().map(({ xdr, destinationOffset, amount }) => ({
    topic: "mint",
    from: null,
    to: accountAddress(xdr, destinationOffset),
    asset: native,
    contract: native.contract,
    amount: String(amount),
    toMuxedId: undefined,
  }));
}

function createClaimableBalance(scope: OperationScope): readonly Transfer[] {
  const { asset, amount } = scope.need(
    scope.operation.body.createClaimableBalanceOp,
    "claimable balance",
  );
  const id = scope.need(scope.result.createClaimableBalanceResult?.balanceId, "claimable balance");
  const to = addressParty(claimableBalanceAddress(id.xdr, id.offset));
  return [scope.move(assetAt(asset, scope.assets), scope.sourceParty, to, amount, false)];
}

function claimClaimableBalance(scope: OperationScope): readonly Transfer[] {
  const op = scope.need(scope.operation.body.claimClaimableBalanceOp, "claim");
  const { asset, amount } = removedBalance(scope);
  const from = addressParty(balanceAddress(op));
  return [scope.move(assetAt(asset, scope.assets), from, scope.sourceParty, amount, true)];
}

function clawback(scope: OperationScope): readonly Transfer[] {
  const { asset, from, amount } = scope.need(scope.operation.body.clawbackOp, "clawback");
  return [clawedBack(scope, asset, partyOf(from).address, amount)];
}

function clawbackClaimableBalance(scope: OperationScope): readonly Transfer[] {
  const op = scope.need(scope.operation.body.clawbackClaimableBalanceOp, "clawback");
  const { asset, amount } = removedBalance(scope);
  return [clawedBack(scope, asset, balanceAddress(op), amount)];
}

function clawedBack(
  scope: OperationScope,
  view: ClaimableBalanceEntryView["asset"],
  from: string,
  amount: bigint,
): Transfer {
  const asset = assetAt(view, scope.assets);
  return {
    topic: "clawback",
    from,
    to: null,
    asset,
    contract: asset.contract,
    amount: String(amount),
    toMuxedId: undefined,
  };
}

function balanceAddress(op: { readonly xdr: XdrBytes; readonly balanceIdOffset: number }): string {
  return claimableBalanceAddress(op.xdr, op.balanceIdOffset);
}

/** The claimable balance that the operation took away. */
function removedBalance(scope: OperationScope): ClaimableBalanceEntryView {
  for (const { before, after } of scope.changes()) {
    const balance = after === undefined ? before?.claimableBalance : undefined;
    if (balance !== undefined) return balance;
  }
  return scope.need<ClaimableBalanceEntryView>(undefined, "claim");
}
