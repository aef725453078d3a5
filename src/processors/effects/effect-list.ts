/** The effects of one operation, in the order in which Horizon lists them. */

import type { Json } from "../../flow/batch.ts";
import type { MuxedAccount } from "../../stellar/address.ts";
import { amountText } from "../../stellar/amount.ts";
import type { Asset } from "../../stellar/asset.ts";
import type { EffectName } from "./effect-types.ts";

/** Keys are Hubble's. */
export type EffectDetails = Record<string, Json>;

export interface Effect {
  readonly name: EffectName;
  readonly address: string;
  readonly muxed: string | undefined;
  readonly details: EffectDetails;
}

export class EffectList {
  readonly effects: Effect[] = [];

  /** An effect on an account that is named without an id. */
  add(address: string, name: EffectName, details: EffectDetails): void {
    this.effects.push({ name, address, muxed: undefined, details });
  }

  addMuxed({ account, muxed }: MuxedAccount, name: EffectName, details: EffectDetails): void {
    this.effects.push({ name, address: account, muxed, details });
  }
}

export function assetDetails({ type, code, issuer }: Asset, prefix = ""): EffectDetails {
  const details: EffectDetails = { [`${prefix}asset_type`]: type };
  if (code === null) return details;
  details[`${prefix}asset_code`] = code;
  details[`${prefix}asset_issuer`] = issuer;
  return details;
}

export function amountDetails(amount: bigint, asset: Asset): EffectDetails {
  return { amount: amountText(amount), ...assetDetails(asset) };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
