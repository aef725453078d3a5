/** Manage sell offer and manage buy offer: they take what fits and leave the rest in the book. */

import type { xdr } from "@stellar/stellar-sdk";
import type { SandboxAsset } from "./asset.ts";
import { adjustedAmount, type Price } from "./exchange.ts";
import {
  accountOf,
  addBalance,
  BASE_RESERVE,
  MAX_AMOUNT,
  minimumBalance,
  receivable,
  spendable,
} from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import { failed, type Operation, type OperationOutcome, succeeded } from "./operation.ts";
import {
  type Offer,
  offerById,
  offerEntry,
  type Pair,
  putOffer,
  releaseOffer,
  removeOffer,
  takeOffers,
} from "./order-book.ts";
import type { Party } from "./party.ts";

const CODE = {
  sellNoTrust: -2,
  buyNoTrust: -3,
  lineFull: -6,
  underfunded: -7,
  crossSelf: -8,
  notFound: -11,
  lowReserve: -12,
} as const;

type Result = xdr.ManageSellOfferResultWire & xdr.ManageBuyOfferResultWire;
type Failure = (typeof CODE)[keyof typeof CODE];

export interface OfferTerms extends Pair {
  readonly source: Party;
  /** Of the asset sold, or with `kind: "buy"` of the asset bought; 0 removes the offer. */
  readonly amount: bigint;
  /** Sell: units bought for one sold. Buy: units sold for one bought. */
  readonly price: Price;
  readonly kind: "sell" | "buy";
  /** The offer to change; 0: a new one. */
  readonly offerId: bigint;
}

export function manageOffer(terms: OfferTerms): Operation {
  const { kind, selling, buying, amount, offerId } = terms;
  const price = { n: terms.price.n, d: terms.price.d };
  const common = { selling: selling.wire, buying: buying.wire, price, offerId };
  return {
    source: undefined,
    body: kind === "sell"
      ? { type: 3, manageSellOfferOp: { ...common, amount } }
      : { type: 12, manageBuyOfferOp: { ...common, buyAmount: amount } },
    apply({ state, nextOfferId }) {
      return apply(state, terms, nextOfferId);
    },
  };
}

function resultOf(kind: OfferTerms["kind"], result: Result): xdr.OperationResultTrWire {
  return kind === "sell"
    ? { type: 3, manageSellOfferResult: result }
    : { type: 12, manageBuyOfferResult: result };
}

function apply(state: LedgerState, terms: OfferTerms, newId: () => bigint): OperationOutcome {
  const { source, selling, buying, kind, offerId } = terms;
  const fail = (code: Failure) => failed(resultOf(kind, { code }));
  const old = offerId === 0n ? undefined : offerById(state, terms, offerId);
  if (offerId !== 0n && old?.seller !== source) return fail(CODE.notFound);
  if (old !== undefined) releaseOffer(state, old);
  if (terms.amount === 0n && old !== undefined) {
    removeOffer(state, old);
    return succeeded(resultOf(kind, success([], { effect: 2 })));
  }
  const funds = spendable(state, source, selling);
  const room = receivable(state, source, buying);
  if (funds === undefined) return fail(CODE.sellNoTrust);
  if (room === undefined) return fail(CODE.buyNoTrust);
  const { maxSheep, maxWheat } = wanted(terms);
  if (room < maxWheat && kind === "buy" || room <= 0n) return fail(CODE.lineFull);
  if (funds < maxSheep || funds <= 0n) return fail(CODE.underfunded);

  const limit = terms.price;
  const taken = takeOffers(state, {
    taker: source,
    sheep: selling,
    wheat: buying,
    maxSheep: maxSheep,
    maxWheat: maxWheat < room ? maxWheat : room,
    rounding: "normal",
    acceptable: ({ n, d }) =>
      kind === "sell" ? n * limit.n <= d * limit.d : n * limit.d <= d * limit.n,
  });
  if (taken.crossedSelf) return fail(CODE.crossSelf);
  addBalance(state, source, selling, -taken.sheep);
  addBalance(state, source, buying, taken.wheat);

  const price = kind === "sell" ? limit : { n: limit.d, d: limit.n };
  const left = kind === "sell" ? maxSheep - taken.sheep : MAX_AMOUNT;
  const stillWanted = kind === "sell" ? room - taken.wheat : maxWheat - taken.wheat;
  const rest = adjustedAmount(price, least(left, spendable(state, source, selling)), stillWanted);
  if (rest === 0n) {
    if (old !== undefined) removeOffer(state, old);
    return succeeded(resultOf(kind, success(taken.atoms, { effect: 2 })), ...taken.events);
  }
  if (old === undefined && !canHoldOneMore(state, source, selling)) return fail(CODE.lowReserve);
  const id = old?.id ?? newId();
  const offer: Offer = { seller: source, selling, buying, price, amount: rest, id };
  putOffer(state, offer);
  const effect = { effect: old === undefined ? 0 : 1, offer: offerEntry(offer) } as const;
  return succeeded(resultOf(kind, success(taken.atoms, effect)), ...taken.events);
}

function success(
  atoms: readonly xdr.ClaimAtomWire[],
  offer: xdr.ManageOfferSuccessResultOfferWire,
): Result {
  return { code: 0, success: { offersClaimed: [...atoms], offer } };
}

/** The most that it may give, and the most that it wants. */
function wanted({ kind, amount, price }: OfferTerms): { maxSheep: bigint; maxWheat: bigint } {
  if (kind === "sell") return { maxSheep: amount, maxWheat: MAX_AMOUNT };
  const cost = (amount * BigInt(price.n) + BigInt(price.d) - 1n) / BigInt(price.d);
  return { maxSheep: cost, maxWheat: amount };
}

function least(a: bigint, b: bigint | undefined): bigint {
  return b !== undefined && b < a ? b : a;
}

function canHoldOneMore(state: LedgerState, of: Party, selling: SandboxAsset): boolean {
  const entry = accountOf(state, of);
  const needed = minimumBalance(entry) + BigInt(BASE_RESERVE);
  return entry.balance >= needed + (selling.kind === "native" ? 1n : 0n);
}
