/** Assets as operations, results and entries of any age name them: no code is refused. */

import type { AssetType as AssetTypes } from "../gen/xdr/asset-type.ts";
import { AssetType } from "../gen/xdr/asset-type.ts";
import { accountAddress } from "./address.ts";
import { type Asset, NATIVE } from "./asset.ts";
import { assetId } from "./asset-id.ts";
import { ByteCache } from "./xdr/byte-cache.ts";
import { unknownArm, type XdrBytes } from "./xdr/xdr-bytes.ts";

export interface LedgerAsset extends Asset {
  /** Hubble's number of it. */
  readonly id: bigint;
  /** "native", or code and issuer joined by a colon (SEP-11). */
  readonly canonical: string;
}

const SHORT_CODE_BYTES = 4;
const LONG_CODE_BYTES = 12;
const ISSUER_BYTES = 36;

export const NATIVE_ASSET: LedgerAsset = { ...NATIVE, id: assetId(NATIVE), canonical: "native" };

/** A ledger of mainnet names some 300 different ones. */
const PLACES = 1 << 12;

/** Type, code and issuer. */
const MAX_BYTES = 4 + LONG_CODE_BYTES + ISSUER_BYTES;

const credits = new ByteCache(readCredit, PLACES, MAX_BYTES);

/** The Asset, or the TrustLineAsset or ChangeTrustAsset that is no pool share, at `offset`. */
export function ledgerAsset(xdr: XdrBytes, offset: number): LedgerAsset {
  const type = xdr.int32(offset, "Asset") as AssetTypes;
  if (type === AssetType.assetTypeNative) return NATIVE_ASSET;
  if (type !== AssetType.assetTypeCreditAlphanum4 && type !== AssetType.assetTypeCreditAlphanum12) {
    throw unknownArm("Asset", offset, type);
  }
  const short = type === AssetType.assetTypeCreditAlphanum4;
  const codeAt = offset + 4;
  const codeEnd = codeAt + (short ? SHORT_CODE_BYTES : LONG_CODE_BYTES);
  return credits.of(xdr, offset, codeEnd + ISSUER_BYTES);
}

function readCredit(xdr: XdrBytes, start: number, end: number): LedgerAsset {
  const codeAt = start + 4;
  const codeEnd = end - ISSUER_BYTES;
  const short = codeEnd - codeAt === SHORT_CODE_BYTES;
  return credit(short, trimmed(xdr.latin1(codeAt, codeEnd)), accountAddress(xdr, codeEnd));
}

/** The asset of an AssetCode (an operation's, which names no issuer) and its issuer. */
export function assetOfCode(code: Uint8Array, issuer: string): LedgerAsset {
  return credit(code.length === SHORT_CODE_BYTES, trimmed(String.fromCharCode(...code)), issuer);
}

/** The arm says the type: a short code may stand in a long one. */
function credit(short: boolean, code: string, issuer: string): LedgerAsset {
  const type = short ? "credit_alphanum4" : "credit_alphanum12";
  const asset: Asset = { name: `${type}:${code}:${issuer}`, type, code, issuer };
  return { ...asset, id: assetId(asset), canonical: `${code}:${issuer}` };
}

/** Without the zero bytes that fill a code up. */
function trimmed(code: string): string {
  let end = code.length;
  while (end > 0 && code.charCodeAt(end - 1) === 0) end--;
  return code.slice(0, end);
}
