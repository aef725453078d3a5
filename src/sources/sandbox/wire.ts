/**
 * Short ways to write the SDK's wire objects (plain values that its XDR schemas encode), with the
 * numbers of unions and enums named after Stellar's .x files.
 */

import { xdr } from "@stellar/stellar-sdk";
import type { Party } from "./party.ts";

export type ScVal = xdr.ScValWire;
export type ScAddress = xdr.ScAddressWire;
export type XdrText = xdr.AccountEntryWire["homeDomain"];

export const extensionPoint: xdr.ExtensionPointWire = { v: 0 };

export const text = (value: string): XdrText => new xdr.XdrString(value);

/** MuxedAccount: the account itself (G…), or with an id (M…). */
export function muxedAccount(of: Party, id?: bigint): xdr.MuxedAccountWire {
  return id === undefined
    ? { type: 0, ed25519: of.publicKey }
    : { type: 256, med25519: { id, ed25519: of.publicKey } };
}

export const address = {
  account: (of: Party): ScAddress => ({ type: 0, accountId: of.accountId }),
  contract: (contractId: Uint8Array): ScAddress => ({ type: 1, contractId }),
};

export const scval = {
  void: { type: 1 } as const satisfies ScVal,
  bool: (b: boolean): ScVal => ({ type: 0, b }),
  u32: (u32: number): ScVal => ({ type: 3, u32 }),
  i32: (i32: number): ScVal => ({ type: 4, i32 }),
  u64: (u64: bigint): ScVal => ({ type: 5, u64 }),
  i64: (i64: bigint): ScVal => ({ type: 6, i64 }),
  timepoint: (timepoint: bigint): ScVal => ({ type: 7, timepoint }),
  duration: (duration: bigint): ScVal => ({ type: 8, duration }),
  u128: (value: bigint): ScVal => ({
    type: 9,
    u128: { hi: BigInt.asUintN(64, value >> 64n), lo: BigInt.asUintN(64, value) },
  }),
  i128: (value: bigint): ScVal => ({
    type: 10,
    i128: { hi: BigInt.asIntN(64, value >> 64n), lo: BigInt.asUintN(64, value) },
  }),
  u256: (value: bigint): ScVal => ({
    type: 11,
    u256: {
      hiHi: BigInt.asUintN(64, value >> 192n),
      hiLo: BigInt.asUintN(64, value >> 128n),
      loHi: BigInt.asUintN(64, value >> 64n),
      loLo: BigInt.asUintN(64, value),
    },
  }),
  i256: (value: bigint): ScVal => ({
    type: 12,
    i256: {
      hiHi: BigInt.asIntN(64, value >> 192n),
      hiLo: BigInt.asUintN(64, value >> 128n),
      loHi: BigInt.asUintN(64, value >> 64n),
      loLo: BigInt.asUintN(64, value),
    },
  }),
  bytes: (bytes: Uint8Array): ScVal => ({ type: 13, bytes }),
  string: (value: string): ScVal => ({ type: 14, str: text(value) }),
  symbol: (value: string): ScVal => ({ type: 15, sym: text(value) }),
  vec: (...vec: ScVal[]): ScVal => ({ type: 16, vec }),
  /** Keys must come in the order of a host map: symbols by their bytes. */
  map: (entries: Readonly<Record<string, ScVal>>): ScVal => ({
    type: 17,
    map: Object.entries(entries).map(([key, val]) => ({ key: scval.symbol(key), val })),
  }),
  address: (value: ScAddress): ScVal => ({ type: 18, address: value }),
  account: (of: Party): ScVal => scval.address(address.account(of)),
  contract: (contractId: Uint8Array): ScVal => scval.address(address.contract(contractId)),
};

export const EVENT_CONTRACT = 1;
export const EVENT_DIAGNOSTIC = 2;

export function contractEvent(
  contractId: Uint8Array | null,
  topics: ScVal[],
  data: ScVal,
  type: number = EVENT_CONTRACT,
): xdr.ContractEventWire {
  return { ext: extensionPoint, contractId, type, body: { v: 0, v0: { topics, data } } };
}
