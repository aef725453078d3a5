/** Offers: how they stand in the ledger, and how they are taken, best price first. */

import type { xdr } from "@stellar/stellar-sdk";
import type { SandboxAsset } from "./asset.ts";
import { adjustedAmount, exchange, type Price, type Rounding, sheepFor } from "./exchange.ts";
import { addBalance, addLiabilities, addSubEntries, receivable, spendable } from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import type { Party } from "./party.ts";
import { type ContractEvent, movement } from "./token-events.ts";

export interface Pair {
  readonly selling: SandboxAsset;
  readonly buying: SandboxAsset;
}

export interface Offer extends Pair {
  readonly id: bigint;
  readonly seller: Party;
  readonly amount: bigint;
  readonly price: Price;
}

/** The entry's name says everything but amount and price, so that the state alone is the book. */
const bookOf = ({ selling, buying }: Pair) => `${selling.code}-${buying.code}`;
const offerName = (offer: Pair & { id: bigint }) => `offer/${bookOf(offer)}:${offer.id}`;

/** Entries name their seller by key; this finds the party, which the key's own array stands for. */
const sellers = new WeakMap<Uint8Array, Party>();

export function offerEntry(offer: Offer): xdr.OfferEntryWire {
  return {
    sellerId: offer.seller.accountId,
    offerId: offer.id,
    selling: offer.selling.wire,
    buying: offer.buying.wire,
    amount: offer.amount,
    price: { n: offer.price.n, d: offer.price.d },
    flags: 0,
    ext: { v: 0 },
  };
}

/** Binds what the offer promises, or with -1 releases it (CAP-3). */
function bind(state: LedgerState, offer: Offer, sign: 1n | -1n): void {
  const { seller, selling, buying, price, amount } = offer;
  addLiabilities(state, seller, selling, { selling: sign * amount });
  addLiabilities(state, seller, buying, { buying: sign * sheepFor(price, amount) });
}

export function putOffer(state: LedgerState, offer: Offer): void {
  const { seller, id } = offer;
  sellers.set(seller.publicKey, seller);
  const key = { type: 2, offer: { sellerId: seller.accountId, offerId: id } } as const;
  const name = offerName(offer);
  if (state.get(name) === undefined) addSubEntries(state, seller, 1);
  state.put(name, key, { type: 2, offer: offerEntry(offer) });
  bind(state, offer, 1n);
}

/** Releases what it bound; `removeOffer` or `putOffer` must follow. */
export function releaseOffer(state: LedgerState, offer: Offer): void {
  bind(state, offer, -1n);
}

export function removeOffer(state: LedgerState, offer: Offer): void {
  state.remove(offerName(offer));
  addSubEntries(state, offer.seller, -1);
}

function offerOf(pair: Pair, entry: xdr.OfferEntryWire): Offer {
  const { offerId: id, amount, price, sellerId } = entry;
  const seller = sellers.get(sellerId.ed25519);
  if (seller === undefined) throw new Error(`offer ${id} has no seller`);
  return { ...pair, id, seller, amount, price };
}

export function hasOffers(state: LedgerState, pair: Pair): boolean {
  return state.offers(bookOf(pair)).length > 0;
}

/** The offers of one seller in a book, best price first. */
export function offersBy(state: LedgerState, pair: Pair, seller: Party): Offer[] {
  return state.offers(bookOf(pair))
    .filter(({ sellerId }) => sellerId.ed25519 === seller.publicKey)
    .map((entry) => offerOf(pair, entry));
}

export function offerById(state: LedgerState, pair: Pair, id: bigint): Offer | undefined {
  const data = state.get(offerName({ ...pair, id }));
  return data?.type === 2 ? offerOf(pair, data.offer) : undefined;
}

export interface Taking {
  readonly taker: Party;
  /** What the taker gives and what it gets. */
  readonly sheep: SandboxAsset;
  readonly wheat: SandboxAsset;
  readonly maxSheep: bigint;
  readonly maxWheat: bigint;
  readonly rounding: Rounding;
  /** Offers that ask for more are left alone. */
  readonly acceptable: (price: Price) => boolean;
}

export interface Taken {
  readonly sheep: bigint;
  readonly wheat: bigint;
  readonly atoms: readonly xdr.ClaimAtomWire[];
  readonly events: readonly ContractEvent[];
  /** It met an offer of its own, which fails the operation. */
  readonly crossedSelf: boolean;
}

/** Takes offers. The makers' balances change; the taker's are up to the caller. */
export function takeOffers(state: LedgerState, taking: Taking): Taken {
  const atoms: xdr.ClaimAtomWire[] = [];
  const events: ContractEvent[] = [];
  let sheep = 0n;
  let wheat = 0n;
  const pair = { selling: taking.wheat, buying: taking.sheep };
  while (sheep < taking.maxSheep && wheat < taking.maxWheat) {
    // What was taken whole has left the book, so the best offer is always the next one.
    const [best] = state.offers(bookOf(pair));
    if (best === undefined || !taking.acceptable(best.price)) break;
    const offer = offerOf(pair, best);
    if (offer.seller === taking.taker) return { sheep, wheat, atoms, events, crossedSelf: true };
    const fill = fillOffer(state, offer, {
      maxSheepSend: taking.maxSheep - sheep,
      maxWheatReceive: taking.maxWheat - wheat,
    }, taking.rounding);
    if (fill.wheat > 0n || fill.sheep > 0n) {
      sheep += fill.sheep;
      wheat += fill.wheat;
      atoms.push(claimAtom(offer, fill.sheep, fill.wheat));
      events.push(
        movement(taking.sheep, taking.taker, { party: offer.seller }, fill.sheep),
        movement(taking.wheat, offer.seller, { party: taking.taker }, fill.wheat),
      );
    }
    if (fill.wheatStays) break;
  }
  return { sheep, wheat, atoms, events, crossedSelf: false };
}

function fillOffer(
  state: LedgerState,
  offer: Offer,
  taker: { readonly maxSheepSend: bigint; readonly maxWheatReceive: bigint },
  rounding: Rounding,
) {
  const { seller, selling, buying, price } = offer;
  releaseOffer(state, offer);
  const funds = spendable(state, seller, selling) ?? 0n;
  const maxWheatSend = offer.amount < funds ? offer.amount : funds;
  const maxSheepReceive = receivable(state, seller, buying) ?? 0n;
  const fill = exchange(price, { ...taker, maxWheatSend, maxSheepReceive }, rounding);
  addBalance(state, seller, selling, -fill.wheat);
  addBalance(state, seller, buying, fill.sheep);
  const left = fill.wheatStays
    ? adjustedAmount(price, offer.amount - fill.wheat, maxSheepReceive - fill.sheep)
    : 0n;
  if (left > 0n) putOffer(state, { ...offer, amount: left });
  else removeOffer(state, offer);
  return fill;
}

function claimAtom(offer: Offer, sheep: bigint, wheat: bigint): xdr.ClaimAtomWire {
  return {
    type: 1,
    orderBook: {
      sellerId: offer.seller.accountId,
      offerId: offer.id,
      assetSold: offer.selling.wire,
      amountSold: wheat,
      assetBought: offer.buying.wire,
      amountBought: sheep,
    },
  };
}
