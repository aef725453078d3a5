/** Effects on who pays for entries and signers in their owners' place (CAP-33). */

import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { LedgerEntryView } from "../../gen/xdr/ledger-entry.ts";
import { signerSponsors } from "../../stellar/account-signers.ts";
import { accountAddress, type MuxedAccount } from "../../stellar/address.ts";
import { type EntryPair, entryType, sponsorOf } from "../../stellar/entry-pairs.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { AppliedOperation } from "../../stellar/transaction-operations.ts";
import { balanceIdHex } from "./balance-effects.ts";
import { type EffectDetails, type EffectList, hex } from "./effect-list.ts";

type Change = "created" | "updated" | "removed";

/** Offers can be sponsored too, but have no effects of their own. */
type Sponsored = "account" | "trustline" | "data" | "claimable_balance";

export function sponsorshipEffects(
  list: EffectList,
  applied: AppliedOperation,
  pair: EntryPair,
): void {
  entrySponsorship(list, applied, pair);
  signerSponsorships(list, pair);
}

function entrySponsorship(
  list: EffectList,
  applied: AppliedOperation,
  { before, after }: EntryPair,
): void {
  const entry = after ?? before;
  if (entry === undefined) return;
  const change = sponsorChange(sponsorOf(before), sponsorOf(after));
  const owner = change === undefined ? undefined : ownerOf(entry, applied.source);
  if (change === undefined || owner === undefined) return;
  const details = { ...change.details, ...owner.details };
  list.addMuxed(owner.account, `${owner.kind}_sponsorship_${change.name}`, details);
}

function sponsorChange(
  former: string | undefined,
  sponsor: string | undefined,
): { readonly name: Change; readonly details: EffectDetails } | undefined {
  if (former === sponsor) return undefined;
  if (former === undefined) return { name: "created", details: { sponsor: sponsor ?? null } };
  if (sponsor === undefined) return { name: "removed", details: { former_sponsor: former } };
  return { name: "updated", details: { new_sponsor: sponsor, former_sponsor: former } };
}

interface Owner {
  readonly kind: Sponsored;
  readonly account: MuxedAccount;
  readonly details: EffectDetails;
}

function ownerOf({ data }: LedgerEntryView, source: MuxedAccount): Owner | undefined {
  const { xdr, account, trustLine, data: named, claimableBalance } = data;
  if (account !== undefined) {
    const owner = plain(accountAddress(xdr, account.accountIdOffset));
    return { kind: "account", account: owner, details: {} };
  }
  if (trustLine !== undefined) {
    const owner = plain(accountAddress(xdr, trustLine.accountIdOffset));
    const pool = trustLine.asset.liquidityPoolId;
    const details: EffectDetails = pool === undefined
      ? { asset: ledgerAsset(xdr, trustLine.assetOffset).canonical }
      : { asset_type: "liquidity_pool", liquidity_pool_id: hex(pool) };
    return { kind: "trustline", account: owner, details };
  }
  if (named !== undefined) {
    return { kind: "data", account: source, details: { data_name: named.dataName } };
  }
  if (claimableBalance === undefined) return undefined;
  const details = { balance_id: balanceIdHex(claimableBalance.balanceId) };
  return { kind: "claimable_balance", account: source, details };
}

function plain(account: string): MuxedAccount {
  return { account, muxed: undefined, id: undefined };
}

function signerSponsorships(list: EffectList, { before, after }: EntryPair): void {
  const entry = after ?? before;
  if (entry === undefined || entryType(entry) !== LedgerEntryType.account) return;
  const account = entry.data.account;
  if (account === undefined) return;
  const was = sponsorsOf(before);
  const is = sponsorsOf(after);
  if (was.size === 0 && is.size === 0) return;
  const address = accountAddress(account.xdr, account.accountIdOffset);
  for (const signer of [...new Set([...was.keys(), ...is.keys()])].sort()) {
    const change = sponsorChange(was.get(signer), is.get(signer));
    if (change === undefined) continue;
    list.add(address, `signer_sponsorship_${change.name}`, { ...change.details, signer });
  }
}

function sponsorsOf(entry: LedgerEntryView | undefined): ReadonlyMap<string, string> {
  const account = entry?.data.account;
  return account === undefined ? new Map() : signerSponsors(account);
}
