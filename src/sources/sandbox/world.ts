/** Who and what there is on the sandbox's network before its first ledger. */

import { type CreditAsset, creditAsset, type NativeAsset, nativeAsset } from "./asset.ts";
import { addSubEntries, createAccount, putTrustLine } from "./holdings.ts";
import type { LedgerState } from "./ledger-state.ts";
import { type Party, party } from "./party.ts";
import { random } from "./random.ts";

const ISSUERS = 3;
const NEWBORNS = 64;
const PAYERS = 4;
const FEWEST_MAKERS = 4;
const USERS_PER_MAKER = 10;

/** Stroops in one unit of an asset. */
export const UNIT = 10_000_000n;

export interface World {
  readonly networkId: Uint8Array;
  readonly native: NativeAsset;
  readonly credits: readonly CreditAsset[];
  /** They pay, trade, trust and call contracts. */
  readonly users: readonly Party[];
  /** They keep offers in the order book. */
  readonly makers: readonly Party[];
  /** They pay the fees of others by fee bumps. */
  readonly payers: readonly Party[];
  /** Accounts that are created and merged, over and over. */
  readonly newborns: readonly Party[];
  readonly validator: Party;
}

export function createWorld(seed: string, networkId: Uint8Array, accounts: number): World {
  const parties = (role: string, count: number): Party[] =>
    Array.from({ length: count }, (_, i) => party(seed, `${role}-${i}`));
  const [usd, eur, points] = parties("issuer", ISSUERS);
  if (usd === undefined || eur === undefined || points === undefined) throw new Error("issuers");
  return {
    networkId,
    native: nativeAsset(networkId),
    credits: [
      creditAsset(networkId, "USD", usd),
      creditAsset(networkId, "EURX", eur),
      creditAsset(networkId, "POINTS", points),
    ],
    users: parties("user", accounts),
    makers: parties("maker", Math.max(FEWEST_MAKERS, Math.floor(accounts / USERS_PER_MAKER))),
    payers: parties("payer", PAYERS),
    newborns: parties("newborn", NEWBORNS),
    validator: party(seed, "validator"),
  };
}

/** Gives everyone their first balances; returns all lumens that there are, stroops. */
export function populate(world: World, state: LedgerState, seed: string): bigint {
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
  return lumens;
}
