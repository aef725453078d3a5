/** Operations that put assets into a liquidity pool or take them out (CAP-38). */

import { amountText } from "../../stellar/amount.ts";
import { type LedgerAsset, ledgerAsset, NATIVE_ASSET } from "../../stellar/ledger-asset.ts";
import { poolMovement } from "../../stellar/pool-movement.ts";
import { encodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { addAsset, addPrice, type Details } from "./detail-parts.ts";

interface Moved {
  readonly assetA: LedgerAsset;
  readonly assetB: LedgerAsset;
  readonly reserveA: bigint;
  readonly reserveB: bigint;
  readonly shares: bigint;
}

/** A failed transaction shows no assets; Hubble then says lumens. */
const NOTHING: Moved = {
  assetA: NATIVE_ASSET,
  assetB: NATIVE_ASSET,
  reserveA: 0n,
  reserveB: 0n,
  shares: 0n,
};

export function liquidityPoolDeposit(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.liquidityPoolDepositOp, "deposit");
  addPoolId(details, op.liquidityPoolId);
  const moved = movedOf(applied, op.liquidityPoolId);
  addAsset(details, moved.assetA, "reserve_a_");
  details["reserve_a_max_amount"] = amountText(op.maxAmountA);
  details["reserve_a_deposit_amount"] = amountText(moved.reserveA);
  addAsset(details, moved.assetB, "reserve_b_");
  details["reserve_b_max_amount"] = amountText(op.maxAmountB);
  details["reserve_b_deposit_amount"] = amountText(moved.reserveB);
  addPrice(details, op.minPrice, "min_");
  addPrice(details, op.maxPrice, "max_");
  details["shares_received"] = amountText(moved.shares);
}

export function liquidityPoolWithdraw(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.liquidityPoolWithdrawOp, "withdrawal");
  addPoolId(details, op.liquidityPoolId);
  const moved = movedOf(applied, op.liquidityPoolId);
  addAsset(details, moved.assetA, "reserve_a_");
  details["reserve_a_min_amount"] = amountText(op.minAmountA);
  details["reserve_a_withdraw_amount"] = amountText(-moved.reserveA);
  addAsset(details, moved.assetB, "reserve_b_");
  details["reserve_b_min_amount"] = amountText(op.minAmountB);
  details["reserve_b_withdraw_amount"] = amountText(-moved.reserveB);
  details["shares"] = amountText(op.amount);
}

function addPoolId(details: Details, id: Uint8Array): void {
  details["liquidity_pool_id"] = Buffer.from(id).toString("hex");
  details["liquidity_pool_id_strkey"] = encodeStrkey(StrkeyVersion.liquidityPool, id);
}

function movedOf(applied: AppliedOperation, id: Uint8Array): Moved {
  if (!applied.of.successful) return NOTHING;
  const { pool, ...amounts } = applied.need(
    poolMovement(applied.changes, id),
    "change of the pool",
  );
  const { params } = applied.need(pool.body.constantProduct, "constant product");
  return {
    ...amounts,
    assetA: ledgerAsset(params.xdr, params.assetAOffset),
    assetB: ledgerAsset(params.xdr, params.assetBOffset),
  };
}
