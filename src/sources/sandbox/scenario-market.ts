/** Who offers, who takes, and who pays in one asset what arrives as another. */

import type { SandboxAsset } from "./asset.ts";
import { spendable, trustLine } from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import { manageOffer } from "./manage-offer.ts";
import { anyPair, inverse, makerOffer, sellPrice, worth } from "./market.ts";
import { hasOffers, type Offer, offersBy } from "./order-book.ts";
import type { Party } from "./party.ts";
import { pathPaymentStrictReceive, pathPaymentStrictSend, type PathTerms } from "./path-payment.ts";
import { type Intent, receiver, type Scene } from "./scene.ts";
import { UNIT } from "./world.ts";

/** Offers of one maker in one book; more are changed or removed instead. */
const MOST_OFFERS = 2;
const MISSING_OFFER_ID = 9_000_000_000_000n;

/** A maker adds, changes or removes an offer; a failing one changes an offer that is not there. */
export function postOffer(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const maker = scene.take(world.makers);
  if (maker === undefined) return undefined;
  const pair = anyPair(world, chance);
  if (failing) {
    return { source: maker, operations: [makerOffer(maker, pair, chance, MISSING_OFFER_ID)] };
  }
  const own = offersBy(state, pair, maker);
  if (own.length < MOST_OFFERS) {
    return { source: maker, operations: [makerOffer(maker, pair, chance)] };
  }
  const offer: Offer = chance.pick(own);
  if (chance.chance(0.3)) {
    const { price, id: offerId } = offer;
    const terms = { source: maker, ...pair, amount: 0n, price, kind: "sell", offerId } as const;
    return { source: maker, operations: [manageOffer(terms)] };
  }
  return { source: maker, operations: [makerOffer(maker, pair, chance, offer.id)] };
}

function holds(state: LedgerState, party: Party, asset: SandboxAsset): boolean {
  return asset.kind === "native" || trustLine(state, party, asset) !== undefined;
}

/** A user sells or buys at a price that the best offers meet. */
export function trade(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const pair = anyPair(world, chance);
  const trader = chance.pick(world.users);
  const able = holds(state, trader, pair.selling) && holds(state, trader, pair.buying);
  const source = able || failing ? scene.claim(trader) : undefined;
  if (source === undefined) return undefined;
  const funds = spendable(state, source, pair.selling) ?? 0n;
  const most = funds / 20n + 1n;
  const wish = worth(BigInt(chance.between(1, 200)) * UNIT, world.native, pair.selling);
  const amount = failing ? funds + UNIT : wish < most ? wish : most;
  const price = sellPrice(pair, -chance.between(10, 60));
  if (chance.chance(0.5)) {
    const terms = { source, ...pair, amount, price, kind: "sell", offerId: 0n } as const;
    return { source, operations: [manageOffer(terms)] };
  }
  const bought = worth(amount, pair.selling, pair.buying) * 94n / 100n + 1n;
  const terms = { source, ...pair, amount: bought, price: inverse(price) } as const;
  return { source, operations: [manageOffer({ ...terms, kind: "buy", offerId: 0n })] };
}

/** Straight, or through lumens; a failing one asks for a better price than there is. */
export function pathPayment(scene: Scene, failing: boolean): Intent | undefined {
  const { world, state, chance } = scene;
  const { selling: sendAsset, buying: destAsset } = anyPair(world, chance);
  const between = sendAsset.kind === "credit" && destAsset.kind === "credit" && chance.chance(0.6);
  const path = between ? [world.native] : [];
  const hops = [sendAsset, ...path, destAsset];
  const traded = hops.slice(1).every((wheat, i) => {
    const sheep = hops[i];
    return sheep !== undefined && hasOffers(state, { selling: wheat, buying: sheep });
  });
  if (!traded) return undefined;
  const sender = chance.pick(world.users);
  const source = holds(state, sender, sendAsset) ? scene.claim(sender) : undefined;
  if (source === undefined) return undefined;
  const to = chance.chance(0.4) ? source : chance.pick(world.users);
  const other = holds(state, to, destAsset) ? to : chance.pick(world.makers);

  const funds = (spendable(state, source, sendAsset) ?? 0n) / 20n;
  const wish = worth(BigInt(chance.between(1, 100)) * UNIT, world.native, sendAsset);
  const sent = wish < funds ? wish : funds + 1n;
  const arrives = worth(sent, sendAsset, destAsset);
  const common = { from: source, to: receiver(chance, other), sendAsset, destAsset, path };
  const strictSend = chance.chance(0.5);
  const terms: PathTerms = strictSend
    ? { ...common, amount: sent, limit: arrives * (failing ? 12n : 8n) / 10n + 1n }
    : { ...common, amount: arrives + 1n, limit: sent * (failing ? 8n : 12n) / 10n + 2n };
  const operation = strictSend ? pathPaymentStrictSend(terms) : pathPaymentStrictReceive(terms);
  return { source, operations: [operation] };
}
