/** The effects of an operation, by its type, and those that follow from the entries it changed. */

import { OperationType } from "../../gen/xdr/operation-type.ts";
import type { AssetBook } from "../../stellar/asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import * as account from "./account-effects.ts";
import * as balance from "./balance-effects.ts";
import { type Effect, EffectList } from "./effect-list.ts";
import * as payment from "./payment-effects.ts";
import * as pool from "./pool-effects.ts";
import * as soroban from "./soroban-effects.ts";
import { sponsorshipEffects } from "./sponsorship-effects.ts";
import { tradeEffects } from "./trade-effects.ts";
import * as trust from "./trust-effects.ts";

type AddEffects = (list: EffectList, applied: AppliedOperation, assets: AssetBook) => void;

/** Sponsoring has no effects but those on entries. */
const ADD: ReadonlyMap<number, AddEffects> = new Map<number, AddEffects>([
  [OperationType.createAccount, payment.createAccount],
  [OperationType.payment, payment.payment],
  [OperationType.pathPaymentStrictReceive, payment.pathPaymentStrictReceive],
  [OperationType.pathPaymentStrictSend, payment.pathPaymentStrictSend],
  [OperationType.accountMerge, payment.accountMerge],
  [OperationType.inflation, payment.inflation],
  [OperationType.clawback, payment.clawback],
  [OperationType.manageSellOffer, tradeEffects],
  [OperationType.manageBuyOffer, tradeEffects],
  [OperationType.createPassiveSellOffer, tradeEffects],
  [OperationType.setOptions, account.setOptions],
  [OperationType.manageData, account.manageData],
  [OperationType.bumpSequence, account.bumpSequence],
  [OperationType.changeTrust, trust.changeTrust],
  [OperationType.allowTrust, trust.allowTrust],
  [OperationType.setTrustLineFlags, trust.setTrustLineFlags],
  [OperationType.createClaimableBalance, balance.createClaimableBalance],
  [OperationType.claimClaimableBalance, balance.claimClaimableBalance],
  [OperationType.clawbackClaimableBalance, balance.clawbackClaimableBalance],
  [OperationType.liquidityPoolDeposit, pool.liquidityPoolDeposit],
  [OperationType.liquidityPoolWithdraw, pool.liquidityPoolWithdraw],
  [OperationType.invokeHostFunction, soroban.invokeHostFunction],
  [OperationType.extendFootprintTtl, soroban.extendFootprintTtl],
  [OperationType.restoreFootprint, soroban.restoreFootprint],
]);

/** Of an operation of a successful transaction. */
export function operationEffects(
  applied: AppliedOperation,
  assets: AssetBook,
): readonly Effect[] {
  const list = new EffectList();
  ADD.get(applied.operation.body.type)?.(list, applied, assets);
  for (const change of applied.changes) sponsorshipEffects(list, applied, change);
  for (const change of applied.changes) pool.poolLifetime(list, applied, change);
  return list.effects;
}
