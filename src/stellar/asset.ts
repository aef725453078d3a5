/** Assets: how Hubble names them, and the contract that stands for each (CAP-46-6). */

import { hash } from "node:crypto";
import { EnvelopeType } from "../gen/xdr/envelope-type.ts";
import { networkId } from "./networks.ts";
import { decodeStrkey, encodeStrkey, StrkeyVersion } from "./strkey.ts";

export interface Asset {
  /** "native", or type, code and issuer joined by colons. */
  readonly name: string;
  readonly type: "native" | "credit_alphanum4" | "credit_alphanum12";
  readonly code: string | null;
  readonly issuer: string | null;
}

export const NATIVE: Asset = { name: "native", type: "native", code: null, issuer: null };

const KEY_BYTES = 32;
const SHORT_CODE_BYTES = 4;
const LONG_CODE_BYTES = 12;
const CODE = /^[A-Za-z0-9]{1,12}$/;

/** The asset of a code of 1 to 12 letters and its issuer's G address. */
export function creditAsset(code: string, issuer: string): Asset {
  const type = code.length > SHORT_CODE_BYTES ? "credit_alphanum12" : "credit_alphanum4";
  return { name: `${type}:${code}:${issuer}`, type, code, issuer };
}

/** The asset that SEP-11 writes as "native" or "CODE:ISSUER"; undefined when it is neither. */
export function parseAsset(text: string): Asset | undefined {
  if (text === "native") return NATIVE;
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  const code = text.slice(0, colon);
  const issuer = text.slice(colon + 1);
  if (!CODE.test(code) || decodeStrkey(StrkeyVersion.account, issuer) === undefined) {
    return undefined;
  }
  return creditAsset(code, issuer);
}

/** The contract id, 32 bytes, of an asset on a network. */
export function assetContractId(asset: Asset, passphrase: string): Uint8Array {
  const xdr = assetXdr(asset);
  const preimage = new Uint8Array(4 + KEY_BYTES + 4 + xdr.length);
  const view = new DataView(preimage.buffer);
  view.setInt32(0, EnvelopeType.envelopeTypeContractId);
  preimage.set(networkId(passphrase), 4);
  view.setInt32(4 + KEY_BYTES, CONTRACT_ID_FROM_ASSET);
  preimage.set(xdr, 8 + KEY_BYTES);
  return hash("sha256", preimage, "buffer");
}

const CONTRACT_ID_FROM_ASSET = 1;

function assetXdr(asset: Asset): Uint8Array {
  if (asset.code === null || asset.issuer === null) return new Uint8Array(4);
  const codeBytes = asset.type === "credit_alphanum4" ? SHORT_CODE_BYTES : LONG_CODE_BYTES;
  const bytes = new Uint8Array(4 + codeBytes + 4 + KEY_BYTES);
  bytes[3] = asset.type === "credit_alphanum4" ? 1 : 2;
  for (let i = 0; i < asset.code.length; i++) bytes[4 + i] = asset.code.charCodeAt(i);
  const key = decodeStrkey(StrkeyVersion.account, asset.issuer);
  if (key !== undefined) bytes.set(key, 8 + codeBytes);
  return bytes;
}

/** Assets of one network by the text that their contracts' events carry. */
export interface AssetBook {
  /** The asset with its contract's C address; undefined when the text names none. */
  find(text: string): KnownAsset | undefined;
  readonly native: KnownAsset;
}

export interface KnownAsset extends Asset {
  readonly contract: string;
}

/** Beyond this many texts the book starts anew: events of hostile contracts must not fill memory. */
const MAX_TEXTS = 100_000;

export function createAssetBook(passphrase: string): AssetBook {
  const known = new Map<string, KnownAsset | undefined>();
  const withContract = (asset: Asset): KnownAsset => ({
    ...asset,
    contract: encodeStrkey(StrkeyVersion.contract, assetContractId(asset, passphrase)),
  });
  return {
    native: withContract(NATIVE),
    find: (text) => {
      const found = known.get(text);
      if (found !== undefined || known.has(text)) return found;
      if (known.size >= MAX_TEXTS) known.clear();
      const asset = parseAsset(text);
      const entry = asset && withContract(asset);
      known.set(text, entry);
      return entry;
    },
  };
}

const books = new Map<string, AssetBook>();

/** The one book of a network: every component that reads the network's assets shares it. */
export function assetBookOf(passphrase: string): AssetBook {
  let book = books.get(passphrase);
  if (book === undefined) books.set(passphrase, book = createAssetBook(passphrase));
  return book;
}
