/** Assets as operations, results and entries name them. */

import type { AssetView } from "../../gen/xdr/asset.ts";
import { AssetType } from "../../gen/xdr/asset-type.ts";
import { accountAddress } from "../address.ts";
import type { AssetBook, KnownAsset } from "../asset.ts";
import { malformed } from "../xdr/xdr-bytes.ts";

/** What an Asset and a TrustLineAsset (but not of a pool share) have in common. */
export type AssetFields =
  & Pick<AssetView, "xdr" | "offset" | "alphaNum4" | "alphaNum12">
  & { readonly type: AssetType };

/** Throws `xdr/malformed` when the code is none that the network accepts. */
export function assetAt(view: AssetFields, assets: AssetBook): KnownAsset {
  if (view.type === AssetType.assetTypeNative) return assets.native;
  const credit = view.alphaNum4 ?? view.alphaNum12;
  const issuer = credit === undefined ? "" : accountAddress(view.xdr, credit.issuerOffset);
  const code = credit === undefined ? "" : codeText(credit.assetCode);
  const asset = assets.find(`${code}:${issuer}`);
  if (asset === undefined) throw malformed("Asset", view.offset, `a code of ${code.length} bytes`);
  return asset;
}

/** A code without the zero bytes that fill it up. */
function codeText(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return String.fromCharCode(...bytes.subarray(0, end));
}
