/** Assets of the sandbox, each with the id of its Stellar Asset Contract. */

import { xdr } from "@stellar/stellar-sdk";
import { sha256, utf8 } from "./bytes.ts";
import type { Party } from "./party.ts";
import { type ScVal, scval } from "./wire.ts";

type IssuedAsset = Exclude<xdr.AssetWire, { type: 0 }>;

export interface NativeAsset {
  readonly kind: "native";
  readonly code: "XLM";
  readonly wire: { readonly type: 0 };
  readonly issuer: undefined;
  readonly contractId: Uint8Array;
  /** "native", the last topic of an event that moves it (CAP-67). */
  readonly name: ScVal;
}

export interface CreditAsset {
  readonly kind: "credit";
  readonly code: string;
  readonly wire: IssuedAsset;
  readonly issuer: Party;
  readonly contractId: Uint8Array;
  /** "CODE:G…" (SEP-11). */
  readonly name: ScVal;
}

export type SandboxAsset = NativeAsset | CreditAsset;

/** Contract id of an asset: the hash of its id preimage (CAP-46-6). */
function assetContractId(networkId: Uint8Array, asset: xdr.AssetWire): Uint8Array {
  const preimage: xdr.HashIdPreimageWire = {
    type: 8,
    contractId: { networkId, contractIdPreimage: { type: 1, fromAsset: asset } },
  };
  return sha256(xdr.HashIdPreimage.schema.encode(preimage));
}

export function nativeAsset(networkId: Uint8Array): NativeAsset {
  const wire = { type: 0 } as const;
  return {
    kind: "native",
    code: "XLM",
    wire,
    issuer: undefined,
    contractId: assetContractId(networkId, wire),
    name: scval.string("native"),
  };
}

export function creditAsset(networkId: Uint8Array, code: string, issuer: Party): CreditAsset {
  const assetCode = new Uint8Array(code.length <= 4 ? 4 : 12);
  assetCode.set(utf8(code));
  const alphaNum = { assetCode, issuer: issuer.accountId };
  const wire: IssuedAsset = code.length <= 4
    ? { type: 1, alphaNum4: alphaNum }
    : { type: 2, alphaNum12: alphaNum };
  return {
    kind: "credit",
    code,
    wire,
    issuer,
    contractId: assetContractId(networkId, wire),
    name: scval.string(`${code}:${issuer.address}`),
  };
}
