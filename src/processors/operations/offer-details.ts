/** Operations that make, change or take away offers. */

import type { AssetView } from "../../gen/xdr/asset.ts";
import type { PriceView } from "../../gen/xdr/price.ts";
import { amountText } from "../../stellar/amount.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { wholeNumber } from "../whole-number.ts";
import { addAssetAt, addPrice, type Details } from "./detail-parts.ts";

interface Offer {
  readonly price: PriceView;
  readonly buying: AssetView;
  readonly selling: AssetView;
}

export function manageBuyOffer(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.manageBuyOfferOp, "offer");
  details["offer_id"] = wholeNumber(op.offerId);
  addOffer(details, op, op.buyAmount);
}

export function manageSellOffer(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.manageSellOfferOp, "offer");
  details["offer_id"] = wholeNumber(op.offerId);
  addOffer(details, op, op.amount);
}

export function createPassiveSellOffer(details: Details, applied: AppliedOperation): void {
  const op = applied.need(applied.operation.body.createPassiveSellOfferOp, "offer");
  addOffer(details, op, op.amount);
}

function addOffer(details: Details, { price, buying, selling }: Offer, amount: bigint): void {
  details["amount"] = amountText(amount);
  addPrice(details, price);
  addAssetAt(details, buying, "buying_");
  addAssetAt(details, selling, "selling_");
}
