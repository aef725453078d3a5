/** Effects on liquidity pools (CAP-38). */

import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { amountText } from "../../stellar/amount.ts";
import { type EntryPair, entryType } from "../../stellar/entry-pairs.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import { poolMovement } from "../../stellar/pool-movement.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { balanceCreated, balanceIdHex, createdBalances } from "./balance-effects.ts";
import { type EffectList, hex } from "./effect-list.ts";
import { poolAmounts, poolDetails } from "./pool-details.ts";

export function liquidityPoolDeposit(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.liquidityPoolDepositOp, "deposit");
  const movement = poolMovement(applied.changes, op.liquidityPoolId);
  const { pool, reserveA, reserveB, shares } = applied.need(movement, "change of the pool");
  const { params } = applied.need(pool.body.constantProduct, "constant product");
  list.addMuxed(applied.source, "liquidity_pool_deposited", {
    liquidity_pool: poolDetails(applied, pool),
    reserves_deposited: poolAmounts(params, reserveA, reserveB),
    shares_received: amountText(shares),
  });
}

export function liquidityPoolWithdraw(list: EffectList, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.liquidityPoolWithdrawOp, "withdrawal");
  const movement = poolMovement(applied.changes, op.liquidityPoolId);
  const { pool, reserveA, reserveB, shares } = applied.need(movement, "change of the pool");
  const { params } = applied.need(pool.body.constantProduct, "constant product");
  list.addMuxed(applied.source, "liquidity_pool_withdrew", {
    liquidity_pool: poolDetails(applied, pool),
    reserves_received: poolAmounts(params, -reserveA, -reserveB),
    shares_redeemed: amountText(-shares),
  });
}

/**
 * An account whose trustline is revoked loses its shares in pools: what they were worth becomes
 * claimable balances. Without any balance nothing was revoked.
 */
export function poolRevoked(list: EffectList, applied: AppliedOperation): void {
  const movement = poolMovement(applied.changes);
  if (movement === undefined) return;
  const balances = createdBalances(applied.changes);
  if (balances.length === 0) return;
  // The meta has them in any order.
  balances.sort((a, b) => Buffer.compare(a.asset.toXdr(), b.asset.toXdr()));
  const ids = new Map<string, string>();
  for (const balance of balances) {
    balanceCreated(list, applied, balance);
    const { canonical } = ledgerAsset(balance.xdr, balance.assetOffset);
    ids.set(canonical, balanceIdHex(balance.balanceId));
  }
  const { pool, reserveA, reserveB, shares } = movement;
  const { params } = applied.need(pool.body.constantProduct, "constant product");
  const revoked = [
    { asset: ledgerAsset(params.xdr, params.assetAOffset).canonical, amount: -reserveA },
    { asset: ledgerAsset(params.xdr, params.assetBOffset).canonical, amount: -reserveB },
  ];
  list.addMuxed(applied.source, "liquidity_pool_revoked", {
    liquidity_pool: poolDetails(applied, pool),
    reserves_revoked: revoked.flatMap(({ asset, amount }) => {
      const id = ids.get(asset);
      return id === undefined
        ? []
        : [{ asset, amount: amountText(amount), claimable_balance_id: id }];
    }),
    shares_revoked: amountText(-shares),
  });
}

/** Pools come with their first trustline and go with their last. */
export function poolLifetime(
  list: EffectList,
  applied: AppliedOperation,
  { before, after }: EntryPair,
): void {
  const entry = after ?? before;
  if (entry === undefined || entryType(entry) !== LedgerEntryType.liquidityPool) return;
  const was = before?.data.liquidityPool;
  const is = after?.data.liquidityPool;
  if (was === undefined && is !== undefined) {
    const details = { liquidity_pool: poolDetails(applied, is) };
    list.addMuxed(applied.source, "liquidity_pool_created", details);
  }
  if (was !== undefined && is === undefined) {
    const details = { liquidity_pool_id: hex(was.liquidityPoolId) };
    list.addMuxed(applied.source, "liquidity_pool_removed", details);
  }
}
