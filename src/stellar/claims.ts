/** Trades as results name them: what an operation took from each offer and pool that it met. */

import type { ClaimAtomView } from "../gen/xdr/claim-atom.ts";
import type { ManageOfferSuccessResultView } from "../gen/xdr/manage-offer-success-result.ts";
import { OperationType } from "../gen/xdr/operation-type.ts";
import { accountAddress } from "./address.ts";
import { addressOfKey } from "./address-cache.ts";
import { type LedgerAsset, ledgerAsset } from "./ledger-asset.ts";
import { StrkeyVersion } from "./strkey.ts";
import type { AppliedOperation } from "./transaction-operations.ts";
import { malformed } from "./xdr/xdr-bytes.ts";

/** Sold and bought are seen from the offer or pool. */
export interface Claim {
  /** Place among the operation's trades, from 0. */
  readonly order: number;
  readonly sold: LedgerAsset;
  readonly bought: LedgerAsset;
  /** Stroops. */
  readonly amountSold: bigint;
  readonly amountBought: bigint;
  /** Undefined: a pool traded. */
  readonly offer: { readonly seller: string; readonly id: bigint } | undefined;
  /** Id of the pool, 32 bytes; undefined: an offer traded. */
  readonly pool: Uint8Array | undefined;
}

export interface Claims {
  readonly claims: readonly Claim[];
  /** Id of the offer that is left of, or changed by, an offer operation. */
  readonly ownOffer: bigint | undefined;
}

const NONE: Claims = { claims: [], ownOffer: undefined };

/** The trades of a successful operation; those in which nothing changed hands are left out. */
export function claimsOf(applied: AppliedOperation): Claims {
  switch (applied.operation.body.type) {
    case OperationType.manageBuyOffer:
      return ofOffer(applied, applied.outcome.manageBuyOfferResult?.success);
    case OperationType.manageSellOffer:
      return ofOffer(applied, applied.outcome.manageSellOfferResult?.success);
    case OperationType.createPassiveSellOffer: {
      // Early versions of core gave its result the type of the other offer operation.
      const { createPassiveSellOfferResult, manageSellOfferResult } = applied.outcome;
      return ofOffer(applied, (createPassiveSellOfferResult ?? manageSellOfferResult)?.success);
    }
    case OperationType.pathPaymentStrictSend:
      return ofPath(applied, applied.outcome.pathPaymentStrictSendResult?.success?.offers);
    case OperationType.pathPaymentStrictReceive:
      return ofPath(applied, applied.outcome.pathPaymentStrictReceiveResult?.success?.offers);
    default:
      return NONE;
  }
}

function ofOffer(
  applied: AppliedOperation,
  success: ManageOfferSuccessResultView | undefined,
): Claims {
  const { offersClaimed, offer } = applied.need(success, "offer's result");
  return { claims: readClaims(offersClaimed), ownOffer: offer.offer?.offerId };
}

function ofPath(applied: AppliedOperation, offers: Iterable<ClaimAtomView> | undefined): Claims {
  const claims = readClaims(applied.need(offers, "path payment's result"));
  return { claims, ownOffer: undefined };
}

function readClaims(atoms: Iterable<ClaimAtomView>): readonly Claim[] {
  const claims: Claim[] = [];
  let order = 0;
  for (const atom of atoms) {
    const claim = readClaim(atom, order++);
    if (claim.amountSold !== 0n || claim.amountBought !== 0n) claims.push(claim);
  }
  return claims;
}

function readClaim(atom: ClaimAtomView, order: number): Claim {
  const { xdr, offset, v0, orderBook, liquidityPool } = atom;
  const trade = v0 ?? orderBook ?? liquidityPool;
  if (trade === undefined) throw malformed("ClaimAtom", offset, "no trade");
  return {
    order,
    sold: ledgerAsset(xdr, trade.assetSoldOffset),
    bought: ledgerAsset(xdr, trade.assetBoughtOffset),
    amountSold: trade.amountSold,
    amountBought: trade.amountBought,
    offer: offerOf(atom),
    pool: liquidityPool?.liquidityPoolId,
  };
}

function offerOf({ xdr, v0, orderBook }: ClaimAtomView): Claim["offer"] {
  if (orderBook !== undefined) {
    const seller = accountAddress(xdr, orderBook.sellerIdOffset);
    return { seller, id: orderBook.offerId };
  }
  if (v0 === undefined) return undefined;
  const seller = addressOfKey(xdr, v0.sellerEd25519Offset, StrkeyVersion.account);
  return { seller, id: v0.offerId };
}
