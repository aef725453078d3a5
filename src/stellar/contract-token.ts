/** What the data of a contract says of tokens: the asset that it stands for, balances (CAP-46-6). */

import type { ContractDataEntryView } from "../gen/xdr/contract-data-entry.ts";
import { ScAddressType } from "../gen/xdr/sc-address-type.ts";
import type { ScMapEntryView } from "../gen/xdr/sc-map-entry.ts";
import { ScValType } from "../gen/xdr/sc-val-type.ts";
import type { ScValView } from "../gen/xdr/sc-val.ts";
import { scAddress } from "./address.ts";
import { int128Digits } from "./amount.ts";
import type { AssetBook, KnownAsset } from "./asset.ts";
import { encodeStrkey, StrkeyVersion } from "./strkey.ts";

const KEY_BYTES = 32;

/**
 * The asset of a contract instance that the network itself made: its storage names an asset, and
 * the asset's contract is this one. Undefined: no such instance, or a forged one.
 */
export function contractAsset(
  entry: ContractDataEntryView,
  contract: string,
  assets: AssetBook,
): KnownAsset | undefined {
  if (entry.key.type !== ScValType.scvLedgerKeyContractInstance) return undefined;
  const info = assetInfo(entry.val.instance?.storage ?? []);
  const [variant, fields] = info ?? [];
  if (info?.length !== 2 || variant === undefined || fields === undefined) return undefined;
  if (variant.sym === "Native") {
    return assets.native.contract === contract ? assets.native : undefined;
  }
  if (variant.sym !== "AlphaNum4" && variant.sym !== "AlphaNum12") return undefined;
  const name = assetName(fields.map?.toArray() ?? []);
  const asset = name === undefined ? undefined : assets.find(name);
  return asset?.contract === contract ? asset : undefined;
}

/** The value under the key `[AssetInfo]`: a variant and what it holds. */
function assetInfo(storage: Iterable<ScMapEntryView>): ScValView[] | undefined {
  for (const { key, val } of storage) {
    const names = key.vec?.toArray();
    if (names?.length === 1 && names[0]?.sym === "AssetInfo") return val.vec?.toArray();
  }
  return undefined;
}

/** `CODE:ISSUER` (SEP-11). */
function assetName(fields: readonly ScMapEntryView[]): string | undefined {
  const [code, issuer] = fields;
  if (fields.length !== 2 || code?.key.sym !== "asset_code" || issuer?.key.sym !== "issuer") {
    return undefined;
  }
  const key = issuer.val.bytes;
  const text = code.val.str?.replaceAll("\0", "");
  if (text === undefined || key?.length !== KEY_BYTES) return undefined;
  return `${text}:${encodeStrkey(StrkeyVersion.account, key)}`;
}

export interface ContractBalance {
  /** The contract that holds it, a C address. */
  readonly holder: string;
  /** Digits in the smallest unit. */
  readonly amount: string;
}

/** The balance of a contract, in the form in which the contracts of assets keep it. */
export function contractBalance(entry: ContractDataEntryView): ContractBalance | undefined {
  if (entry.key.type !== ScValType.scvVec || entry.val.type !== ScValType.scvMap) return undefined;
  const key = entry.key.vec?.toArray() ?? [];
  const holder = key[1]?.address;
  if (key.length !== 2 || key[0]?.sym !== "Balance") return undefined;
  if (holder?.type !== ScAddressType.scAddressTypeContract) return undefined;
  const [amount, authorized, clawback, more] = entry.val.map?.toArray() ?? [];
  const isBalance = more === undefined && amount?.key.sym === "amount" &&
    isFlag(authorized, "authorized") && isFlag(clawback, "clawback");
  const parts = isBalance ? amount.val.i128 : undefined;
  if (parts === undefined || parts.hi < 0n) return undefined;
  return {
    holder: scAddress(holder.xdr, holder.offset),
    amount: int128Digits(parts.xdr, parts.offset),
  };
}

function isFlag(entry: ScMapEntryView | undefined, name: string): boolean {
  return entry?.key.sym === name && entry.val.type === ScValType.scvBool;
}
