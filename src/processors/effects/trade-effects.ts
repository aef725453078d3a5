/** Effects of trades: on the buyer and the seller, of each kind in turn. */

import type { MuxedAccount } from "../../stellar/address.ts";
import { OperationType } from "../../gen/xdr/operation-type.ts";
import { amountText } from "../../stellar/amount.ts";
import { type Claim, claimsOf } from "../../stellar/claims.ts";
import { poolMovement } from "../../stellar/pool-movement.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { wholeNumber } from "../whole-number.ts";
import { assetDetails, type EffectDetails, type EffectList } from "./effect-list.ts";
import type { EffectName } from "./effect-types.ts";
import { poolDetails } from "./pool-details.ts";

const EFFECTS: readonly EffectName[] = ["trade", "offer_updated", "offer_removed"];
const WITH_CREATED: readonly EffectName[] = [...EFFECTS, "offer_created"];

/** As in Horizon, each trade has all kinds, whether or not an offer came, changed or went. */
export function tradeEffects(list: EffectList, applied: AppliedOperation): void {
  const sends = applied.operation.body.type === OperationType.pathPaymentStrictSend;
  for (const claim of claimsOf(applied).claims) {
    const { offer, pool } = claim;
    if (pool !== undefined) poolTrade(list, applied, claim, pool);
    if (offer === undefined) continue;
    const buyer = buyerDetails(claim, offer.id, offer.seller);
    const seller = sellerDetails(claim, offer.id, applied.source);
    for (const name of sends ? EFFECTS : WITH_CREATED) {
      list.addMuxed(applied.source, name, buyer);
      list.add(offer.seller, name, seller);
    }
  }
}

function buyerDetails(
  { sold, bought, amountSold, amountBought }: Claim,
  offer: bigint,
  seller: string,
): EffectDetails {
  return {
    offer_id: wholeNumber(offer),
    seller,
    bought_amount: amountText(amountSold),
    sold_amount: amountText(amountBought),
    ...assetDetails(sold, "bought_"),
    ...assetDetails(bought, "sold_"),
  };
}

/** For the seller, the other side is the seller. */
function sellerDetails(
  { sold, bought, amountSold, amountBought }: Claim,
  offer: bigint,
  { account, muxed, id }: MuxedAccount,
): EffectDetails {
  return {
    offer_id: wholeNumber(offer),
    seller: account,
    ...(muxed === undefined || id === undefined
      ? {}
      : { seller_muxed: muxed, seller_muxed_id: id }),
    bought_amount: amountText(amountBought),
    sold_amount: amountText(amountSold),
    ...assetDetails(bought, "bought_"),
    ...assetDetails(sold, "sold_"),
  };
}

function poolTrade(
  list: EffectList,
  applied: AppliedOperation,
  { sold, bought, amountSold, amountBought }: Claim,
  id: Uint8Array,
): void {
  const { pool } = applied.need(poolMovement(applied.changes, id), "change of the pool");
  list.addMuxed(applied.source, "liquidity_pool_trade", {
    liquidity_pool: poolDetails(applied, pool),
    sold: { asset: sold.canonical, amount: amountText(amountSold) },
    bought: { asset: bought.canonical, amount: amountText(amountBought) },
  });
}
