/** Accounts, trustlines and what they hold: the rules by which balances move. */

import type { xdr } from "@stellar/stellar-sdk";
import type { CreditAsset, SandboxAsset } from "./asset.ts";
import type { LedgerState } from "./ledger-state.ts";
import type { Party } from "./party.ts";
import { extensionPoint, text } from "./wire.ts";

export const BASE_RESERVE = 5_000_000;
export const MAX_AMOUNT = 2n ** 63n - 1n;
const AUTHORIZED = 1;

type Account = xdr.AccountEntryWire;
type TrustLine = xdr.TrustLineEntryWire;
export type Liabilities = xdr.LiabilitiesWire;

const NO_LIABILITIES: Liabilities = { buying: 0n, selling: 0n };

const accountName = (of: Party) => `account/${of.name}`;
const trustLineName = (of: Party, asset: CreditAsset) => `trustline/${of.name}/${asset.code}`;

export function account(state: LedgerState, of: Party): Account | undefined {
  const data = state.get(accountName(of));
  return data?.type === 0 ? data.account : undefined;
}

/** The account of a party that is known to have one. */
export function accountOf(state: LedgerState, of: Party): Account {
  const found = account(state, of);
  if (found === undefined) throw new Error(`${of.name} has no account`);
  return found;
}

export function putAccount(state: LedgerState, of: Party, entry: Account): void {
  const key = { type: 0, account: { accountId: of.accountId } } as const;
  state.put(accountName(of), key, { type: 0, account: entry });
}

export function createAccount(state: LedgerState, of: Party, balance: bigint): void {
  putAccount(state, of, {
    accountId: of.accountId,
    balance,
    seqNum: BigInt(state.sequence) << 32n,
    numSubEntries: 0,
    inflationDest: null,
    flags: 0,
    homeDomain: text(""),
    thresholds: Uint8Array.of(1, 0, 0, 0),
    signers: [],
    ext: { v: 0 },
  });
}

export function removeAccount(state: LedgerState, of: Party): void {
  state.remove(accountName(of));
}

/** Takes the next sequence number, and notes when (CAP-21). */
export function useSequence(state: LedgerState, of: Party, seqNum: bigint): void {
  const entry = accountOf(state, of);
  const seqLedger = state.sequence;
  const v3 = { ext: extensionPoint, seqLedger, seqTime: state.closeTime };
  const v2 = { numSponsored: 0, numSponsoring: 0, signerSponsoringIDs: [] };
  putAccount(state, of, {
    ...entry,
    seqNum,
    ext: {
      v: 1,
      v1: {
        liabilities: accountLiabilities(entry),
        ext: { v: 2, v2: { ...v2, ext: { v: 3, v3 } } },
      },
    },
  });
}

export function trustLine(
  state: LedgerState,
  of: Party,
  asset: CreditAsset,
): TrustLine | undefined {
  const data = state.get(trustLineName(of, asset));
  return data?.type === 1 ? data.trustLine : undefined;
}

export function putTrustLine(
  state: LedgerState,
  of: Party,
  asset: CreditAsset,
  change: Partial<Pick<TrustLine, "balance" | "limit" | "ext">>,
): void {
  const old = trustLine(state, of, asset);
  const key = { type: 1, trustLine: { accountId: of.accountId, asset: asset.wire } } as const;
  const entry = old ?? {
    accountId: of.accountId,
    asset: asset.wire,
    balance: 0n,
    limit: MAX_AMOUNT,
    flags: AUTHORIZED,
    ext: { v: 0 },
  };
  state.put(trustLineName(of, asset), key, { type: 1, trustLine: { ...entry, ...change } });
}

export function removeTrustLine(state: LedgerState, of: Party, asset: CreditAsset): void {
  state.remove(trustLineName(of, asset));
}

export function addSubEntries(state: LedgerState, of: Party, count: number): void {
  const entry = accountOf(state, of);
  putAccount(state, of, { ...entry, numSubEntries: entry.numSubEntries + count });
}

function accountLiabilities(entry: Account): Liabilities {
  return entry.ext.v === 1 ? entry.ext.v1.liabilities : NO_LIABILITIES;
}

export function trustLineLiabilities(entry: TrustLine): Liabilities {
  return entry.ext.v === 1 ? entry.ext.v1.liabilities : NO_LIABILITIES;
}

/** Lumens that an account must keep: two reserves and one for each subentry. */
export function minimumBalance(entry: Account): bigint {
  return BigInt(2 + entry.numSubEntries) * BigInt(BASE_RESERVE);
}

/** What a party can spend of an asset now; undefined: it has no account or no trustline. */
export function spendable(state: LedgerState, of: Party, asset: SandboxAsset): bigint | undefined {
  if (asset.kind === "native") {
    const entry = account(state, of);
    if (entry === undefined) return undefined;
    return entry.balance - minimumBalance(entry) - accountLiabilities(entry).selling;
  }
  if (asset.issuer === of) return MAX_AMOUNT;
  const line = trustLine(state, of, asset);
  return line && line.balance - trustLineLiabilities(line).selling;
}

/** What a party can still receive of an asset; undefined: it has no account or no trustline. */
export function receivable(state: LedgerState, of: Party, asset: SandboxAsset): bigint | undefined {
  if (asset.kind === "native") {
    const entry = account(state, of);
    return entry && MAX_AMOUNT - entry.balance - accountLiabilities(entry).buying;
  }
  if (asset.issuer === of) return MAX_AMOUNT;
  const line = trustLine(state, of, asset);
  return line && line.limit - line.balance - trustLineLiabilities(line).buying;
}

/** Adds to a balance, or takes from it. An issuer has none: its asset comes and goes there. */
export function addBalance(
  state: LedgerState,
  of: Party,
  asset: SandboxAsset,
  amount: bigint,
): void {
  if (asset.kind === "native") {
    const entry = accountOf(state, of);
    putAccount(state, of, { ...entry, balance: entry.balance + amount });
    return;
  }
  if (asset.issuer === of) return;
  const line = trustLine(state, of, asset);
  if (line === undefined) throw new Error(`${of.name} has no trustline for ${asset.code}`);
  putTrustLine(state, of, asset, { balance: line.balance + amount });
}

/** Adds to what is bound by offers (CAP-3). */
export function addLiabilities(
  state: LedgerState,
  of: Party,
  asset: SandboxAsset,
  change: Partial<Liabilities>,
): void {
  const sum = (old: Liabilities): Liabilities => ({
    buying: old.buying + (change.buying ?? 0n),
    selling: old.selling + (change.selling ?? 0n),
  });
  if (asset.kind === "native") {
    const entry = accountOf(state, of);
    const ext = entry.ext.v === 1 ? entry.ext.v1.ext : { v: 0 } as const;
    const liabilities = sum(accountLiabilities(entry));
    putAccount(state, of, { ...entry, ext: { v: 1, v1: { liabilities, ext } } });
    return;
  }
  if (asset.issuer === of) return;
  const line = trustLine(state, of, asset);
  if (line === undefined) throw new Error(`${of.name} has no trustline for ${asset.code}`);
  const liabilities = sum(trustLineLiabilities(line));
  putTrustLine(state, of, asset, { ext: { v: 1, v1: { liabilities, ext: { v: 0 } } } });
}
