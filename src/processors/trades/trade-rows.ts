/** The trades of an operation as rows of `stellar.trade.v1`. */

import type { Row } from "../../flow/batch.ts";
import type { LiquidityPoolEntryConstantProductView } from "../../gen/xdr/liquidity-pool-entry-constant-product.ts";
import { OperationType } from "../../gen/xdr/operation-type.ts";
import type { PriceView } from "../../gen/xdr/price.ts";
import { accountAddress } from "../../stellar/address.ts";
import { decimalOfDigits } from "../../stellar/amount.ts";
import { type Claim, claimsOf } from "../../stellar/claims.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import { encodeStrkey, StrkeyVersion } from "../../stellar/strkey.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { payoutSlippage, UNKNOWN_SLIPPAGE } from "./payout-slippage.ts";

/** What stands for the offer of a buyer who has none: this bit and the operation's id. */
const NO_OFFER = 1n << 62n;

const WITH_OFFER = 1;
const WITH_POOL = 2;

export function tradeRows(scope: LedgerScope, applied: AppliedOperation): readonly Row[] {
  const { claims, ownOffer } = claimsOf(applied);
  if (claims.length === 0) return [];
  const { index } = applied.of.transaction;
  const operation = scope.transactionIdOf(index) + BigInt(applied.index + 1);
  const exact = sellerIsExact(applied);
  return claims.map((claim): Row => {
    const pool = claim.pool === undefined ? undefined : poolBefore(applied, claim.pool);
    const price = claim.pool === undefined ? offerPrice(applied, claim) : undefined;
    return {
      event_id: `${scope.idPrefix}-${index}-${applied.index}-${claim.order}`,
      order: claim.order,
      ledger_closed_at: scope.closedAt,
      selling_account_address: claim.offer?.seller ?? "",
      selling_asset_code: claim.sold.code ?? "",
      selling_asset_issuer: claim.sold.issuer ?? "",
      selling_asset_type: claim.sold.type,
      selling_asset_id: claim.sold.id,
      selling_amount: decimalOfDigits(String(claim.amountSold)),
      buying_account_address: applied.source.account,
      buying_asset_code: claim.bought.code ?? "",
      buying_asset_issuer: claim.bought.issuer ?? "",
      buying_asset_type: claim.bought.type,
      buying_asset_id: claim.bought.id,
      buying_amount: decimalOfDigits(String(claim.amountBought)),
      price_n: claim.pool === undefined ? whole(price?.n) : claim.amountBought,
      price_d: claim.pool === undefined ? whole(price?.d) : claim.amountSold,
      selling_offer_id: claim.offer?.id ?? null,
      buying_offer_id: ownOffer ?? NO_OFFER + operation,
      selling_liquidity_pool_id: claim.pool === undefined
        ? null
        : Buffer.from(claim.pool).toString("hex"),
      selling_liquidity_pool_id_strkey: claim.pool === undefined
        ? null
        : encodeStrkey(StrkeyVersion.liquidityPool, claim.pool),
      liquidity_pool_fee: whole(pool?.params.fee),
      history_operation_id: operation,
      trade_type: claim.pool === undefined ? WITH_OFFER : WITH_POOL,
      rounding_slippage: pool === undefined ? null : slippage(claim, pool, exact),
      seller_is_exact: exact,
    };
  });
}

function whole(value: number | undefined): bigint | null {
  return value === undefined ? null : BigInt(value);
}

function sellerIsExact({ operation }: AppliedOperation): boolean | null {
  const { type } = operation.body;
  if (type === OperationType.pathPaymentStrictReceive) return true;
  return type === OperationType.pathPaymentStrictSend ? false : null;
}

/** The price that the offer had before its last change by the operation. */
function offerPrice({ changes }: AppliedOperation, { offer }: Claim): PriceView | undefined {
  for (let i = changes.length - 1; i >= 0; i--) {
    const entry = changes[i]?.before?.data.offer;
    if (entry === undefined || entry.offerId !== offer?.id) continue;
    if (accountAddress(entry.xdr, entry.sellerIdOffset) === offer.seller) return entry.price;
  }
  return undefined;
}

/** The pool as it was before its last change by the operation. */
function poolBefore(
  { changes }: AppliedOperation,
  id: Uint8Array,
): LiquidityPoolEntryConstantProductView | undefined {
  for (let i = changes.length - 1; i >= 0; i--) {
    const pool = changes[i]?.before?.data.liquidityPool;
    if (pool !== undefined && Buffer.compare(pool.liquidityPoolId, id) === 0) {
      return pool.body.constantProduct;
    }
  }
  return undefined;
}

/** As Hubble computes it: for what arrived, where that was fixed, in the place of what was paid. */
function slippage(
  { sold, amountSold, amountBought }: Claim,
  { params, reserveA, reserveB }: LiquidityPoolEntryConstantProductView,
  exact: boolean | null,
): bigint | null {
  if (exact === null) return null;
  const sellsA = ledgerAsset(params.xdr, params.assetAOffset).name === sold.name;
  const [disbursed, deposited] = sellsA ? [reserveA, reserveB] : [reserveB, reserveA];
  const received = exact ? amountSold : amountBought;
  return payoutSlippage(deposited, disbursed, received, BigInt(params.fee)) ?? UNKNOWN_SLIPPAGE;
}
