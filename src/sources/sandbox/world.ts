/** Who and what there is on the sandbox's network before its first ledger. */

import { type CreditAsset, creditAsset, type NativeAsset, nativeAsset } from "./asset.ts";
import { sha256, utf8 } from "./bytes.ts";
import type { Contract } from "./contract-data.ts";
import { type Party, party } from "./party.ts";

const ISSUERS = 3;
const NEWBORNS = 64;
const PAYERS = 4;
const VAULTS = 4;
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
  /** Contracts that keep balances for accounts. */
  readonly vaults: readonly Contract[];
  /** A contract that emits events of its own and moves nothing. */
  readonly registry: Contract;
  readonly validator: Party;
}

function contract(networkId: Uint8Array, name: string): Contract {
  return {
    name,
    id: sha256(networkId, utf8(`flowctl sandbox contract/${name}`)),
    wasmHash: sha256(utf8(`flowctl sandbox code/${name}`)),
  };
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
    vaults: Array.from({ length: VAULTS }, (_, i) => contract(networkId, `vault-${i}`)),
    registry: contract(networkId, "registry"),
    validator: party(seed, "validator"),
  };
}
