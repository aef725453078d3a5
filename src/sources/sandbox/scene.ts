/** What the choices of one ledger are made from, and the small ones that all of them make. */

import type { LedgerState } from "./ledger-state.ts";
import type { Operation } from "./operation.ts";
import type { Party } from "./party.ts";
import type { Random } from "./random.ts";
import type { Receiver } from "./token-events.ts";
import type { World } from "./world.ts";

const MUXED_RECEIVER_SHARE = 0.1;
const TRIES = 64;

/** What one transaction shall do. */
export interface Intent {
  readonly source: Party;
  readonly operations: readonly Operation[];
}

export interface Scene {
  readonly world: World;
  readonly state: LedgerState;
  readonly chance: Random;
  /** A party that sends nothing in this ledger yet, and now does; undefined: all of them do. */
  take(from: readonly Party[]): Party | undefined;
  /** The same for one party; undefined: it sends something already. */
  claim(party: Party): Party | undefined;
}

export function createScene(world: World, state: LedgerState, chance: Random): Scene {
  const busy = new Set<Party>();
  const claim = (party: Party): Party | undefined => {
    if (busy.has(party)) return undefined;
    busy.add(party);
    return party;
  };
  return {
    world,
    state,
    chance,
    claim,
    take(from) {
      for (let i = 0; i < TRIES; i++) {
        const party = claim(chance.pick(from));
        if (party !== undefined) return party;
      }
      return from.find(claim);
    },
  };
}

export function muxedId(chance: Random): bigint {
  return BigInt(chance.below(2 ** 32)) << 32n | BigInt(chance.below(2 ** 32));
}

export function receiver(chance: Random, party: Party): Receiver {
  return { party, muxedId: chance.chance(MUXED_RECEIVER_SHARE) ? muxedId(chance) : undefined };
}

/** An amount that leaves most of a balance where it is. */
export function smallAmount(chance: Random, balance: bigint): bigint {
  const wish = BigInt(chance.between(1, 1_000_000_000));
  const most = balance / 20n;
  return wish < most ? wish : most > 0n ? most : 1n;
}
