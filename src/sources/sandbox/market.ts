/** What trades against what in the sandbox, and at about which price. */

import type { SandboxAsset } from "./asset.ts";
import type { Price } from "./exchange.ts";
import { manageOffer } from "./manage-offer.ts";
import type { Operation } from "./operation.ts";
import type { Pair } from "./order-book.ts";
import type { Party } from "./party.ts";
import type { Random } from "./random.ts";
import { UNIT, type World } from "./world.ts";

const PER_MILLE = 1000;

/** Value of one unit, in thousandths of a dollar. */
const VALUES: Readonly<Record<string, number>> = { XLM: 250, USD: 1000, EURX: 1150, POINTS: 25 };

function valueOf(asset: SandboxAsset): number {
  return VALUES[asset.code] ?? PER_MILLE;
}

/** Two different assets of the world. */
export function anyPair({ native, credits }: World, chance: Random): Pair {
  const assets: readonly SandboxAsset[] = [native, ...credits];
  const first = chance.below(assets.length);
  const second = (first + 1 + chance.below(assets.length - 1)) % assets.length;
  const selling = assets[first];
  const buying = assets[second];
  if (selling === undefined || buying === undefined) throw new RangeError("no such asset");
  return { selling, buying };
}

/** Units bought for one sold, better for the seller by so many thousandths. */
export function sellPrice({ selling, buying }: Pair, spread: number): Price {
  return reduced(valueOf(selling) * (PER_MILLE + spread), valueOf(buying) * PER_MILLE);
}

/** The same price from the buyer's side: units sold for one bought. */
export function inverse({ n, d }: Price): Price {
  return { n: d, d: n };
}

/** What an amount of one asset is worth in another, at the middle price. */
export function worth(amount: bigint, from: SandboxAsset, to: SandboxAsset): bigint {
  return amount * BigInt(valueOf(from)) / BigInt(valueOf(to));
}

function reduced(n: number, d: number): Price {
  let [a, b] = [n, d];
  while (b !== 0) [a, b] = [b, a % b];
  return { n: n / a, d: d / a };
}

/** An offer of a maker, on its own side of the middle price. */
export function makerOffer(
  maker: Party,
  pair: Pair,
  chance: Random,
  offerId = 0n,
): Operation {
  const dollars = BigInt(chance.between(100, 5000)) * UNIT;
  const amount = dollars * BigInt(PER_MILLE) / BigInt(valueOf(pair.selling));
  const price = sellPrice(pair, chance.between(1, 40));
  return manageOffer({ source: maker, ...pair, amount, price, kind: "sell", offerId });
}
