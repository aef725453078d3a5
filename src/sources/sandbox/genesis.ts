/** What everyone holds and offers before the first ledger. */

import type { CreditAsset } from "./asset.ts";
import { addSubEntries, createAccount, putTrustLine } from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import { anyPair, makerOffer } from "./market.ts";
import type { Party } from "./party.ts";
import { random } from "./random.ts";
import { UNIT, type World } from "./world.ts";

const FIRST_OFFERS = 3;

export interface Genesis {
  /** All lumens that there are, stroops. */
  readonly lumens: bigint;
  /** Offer ids that are used up. */
  readonly offerIds: bigint;
}

export function populate(world: World, state: LedgerState, seed: string): Genesis {
  const chance = random(seed, "balances");
  let lumens = 0n;
  const open = (of: Party, balance: bigint): void => {
    createAccount(state, of, balance);
    lumens += balance;
  };
  const trust = (of: Party, asset: CreditAsset, balance: bigint): void => {
    putTrustLine(state, of, asset, { balance });
    addSubEntries(state, of, 1);
  };

  for (const { issuer } of world.credits) open(issuer, 1_000_000n * UNIT);
  for (const payer of world.payers) open(payer, 1_000_000n * UNIT);
  for (const maker of world.makers) {
    open(maker, 10_000_000n * UNIT);
    for (const asset of world.credits) trust(maker, asset, 10_000_000n * UNIT);
  }
  for (const user of world.users) {
    open(user, BigInt(chance.between(10_000, 50_000)) * UNIT);
    for (const [i, asset] of world.credits.entries()) {
      if (i === 0 || chance.chance(0.5)) {
        trust(user, asset, BigInt(chance.between(1, 10_000)) * UNIT);
      }
    }
  }
  let offerIds = 0n;
  for (const maker of world.makers) {
    for (let i = 0; i < FIRST_OFFERS; i++) {
      const offer = makerOffer(maker, anyPair(world, chance), chance);
      offer.apply({ state, memo: { type: 0 }, nextOfferId: () => ++offerIds });
    }
  }
  return { lumens, offerIds };
}
