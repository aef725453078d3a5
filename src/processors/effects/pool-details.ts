/** A liquidity pool as effects show it. */

import type { Json } from "../../flow/batch.ts";
import type { LiquidityPoolConstantProductParametersView } from "../../gen/xdr/liquidity-pool-constant-product-parameters.ts";
import type { LiquidityPoolEntryView } from "../../gen/xdr/liquidity-pool-entry.ts";
import { amountText } from "../../stellar/amount.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { hex } from "./effect-list.ts";

export function poolDetails(applied: AppliedOperation, pool: LiquidityPoolEntryView): Json {
  const body = applied.need(pool.body.constantProduct, "constant product");
  return {
    id: hex(pool.liquidityPoolId),
    fee_bp: body.params.fee,
    type: "constant_product",
    total_trustlines: String(body.poolSharesTrustLineCount),
    total_shares: amountText(body.totalPoolShares),
    reserves: poolAmounts(body.params, body.reserveA, body.reserveB),
  };
}

/** Amounts of a pool's two assets, in its own order. */
export function poolAmounts(
  { xdr, assetAOffset, assetBOffset }: LiquidityPoolConstantProductParametersView,
  amountA: bigint,
  amountB: bigint,
): Json {
  return [
    { asset: ledgerAsset(xdr, assetAOffset).canonical, amount: amountText(amountA) },
    { asset: ledgerAsset(xdr, assetBOffset).canonical, amount: amountText(amountB) },
  ];
}
