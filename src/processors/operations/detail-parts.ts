/** What the details of several kinds of operations have in common. */

import type { Json } from "../../flow/batch.ts";
import type { PriceView } from "../../gen/xdr/price.ts";
import { type MuxedAccount, muxedAccount } from "../../stellar/address.ts";
import type { LedgerAsset } from "../../stellar/ledger-asset.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { XdrView } from "../../stellar/xdr/xdr-view.ts";

/** Details while they are put together: keys are Hubble's. */
export type Details = Record<string, Json>;

export function addAsset(details: Details, asset: LedgerAsset, prefix = ""): void {
  details[`${prefix}asset_type`] = asset.type;
  details[`${prefix}asset_id`] = asset.id;
  if (asset.code === null) return;
  details[`${prefix}asset_code`] = asset.code;
  details[`${prefix}asset_issuer`] = asset.issuer;
}

export function addAssetAt(details: Details, view: XdrView, prefix = ""): void {
  addAsset(details, ledgerAsset(view.xdr, view.offset), prefix);
}

export function addAccount(details: Details, account: MuxedAccount, name: string): void {
  details[name] = account.account;
  if (account.muxed === undefined || account.id === undefined) return;
  details[`${name}_muxed`] = account.muxed;
  details[`${name}_muxed_id`] = account.id;
}

export function addAccountAt(details: Details, { xdr, offset }: XdrView, name: string): void {
  addAccount(details, muxedAccount(xdr, offset), name);
}

/** The price as a number of seven places, as Hubble has it, and the exact fraction. */
export function addPrice(details: Details, { n, d }: PriceView, prefix = ""): void {
  details[`${prefix}price`] = roundedPrice(n, d);
  details[`${prefix}price_r`] = { n, d };
}

const PLACES = 10_000_000;

/** Half away from zero, in whole numbers where a number would not hold them. */
function roundedPrice(n: number, d: number): number {
  if (d === 0) return 0;
  const scaled = (2n * BigInt(n) * BigInt(PLACES) + BigInt(d)) / (2n * BigInt(d));
  return Number(scaled) / PLACES;
}

/** Numbers and names of the flags that are set, lowest first. */
export function addFlags(
  details: Details,
  prefix: string,
  flags: number,
  names: readonly (readonly [number, string])[],
): void {
  const set = names.filter(([flag]) => (flags & flag) !== 0);
  details[`${prefix}_flags`] = set.map(([flag]) => flag);
  details[`${prefix}_flags_s`] = set.map(([, name]) => name);
}
