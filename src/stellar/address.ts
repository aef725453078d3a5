/** Addresses of accounts, contracts, balances and pools, read from XDR as text. */

import { CryptoKeyType } from "../gen/xdr/crypto-key-type.ts";
import { ScAddressType } from "../gen/xdr/sc-address-type.ts";
import { addressOfKey } from "./address-cache.ts";
import { encodeStrkey, StrkeyVersion } from "./strkey.ts";
import { unknownArm, type XdrBytes } from "./xdr/xdr-bytes.ts";

const KEY_BYTES = 32;
const ID_BYTES = 8;

/** The G address of the PublicKey (or AccountId) at `offset`. */
export function accountAddress(xdr: XdrBytes, offset: number): string {
  checkZero(xdr, offset, "PublicKey");
  return addressOfKey(xdr, offset + 4, StrkeyVersion.account);
}

/** The C address of the 32-byte contract id at `offset`. */
export function contractAddress(xdr: XdrBytes, offset: number): string {
  return addressOfKey(xdr, offset, StrkeyVersion.contract);
}

/** The L address of the 32-byte pool id at `offset`. */
export function poolAddress(xdr: XdrBytes, offset: number): string {
  return addressOfKey(xdr, offset, StrkeyVersion.liquidityPool);
}

/** The B address of the ClaimableBalanceId at `offset`. */
export function claimableBalanceAddress(xdr: XdrBytes, offset: number): string {
  checkZero(xdr, offset, "ClaimableBalanceId");
  // The payload starts with the id's type, the last byte of the discriminant.
  return encodeStrkey(
    StrkeyVersion.claimableBalance,
    xdr.slice(offset + 3, offset + 4 + KEY_BYTES),
  );
}

/** The M address of an account's key and an id. */
export function muxedAddress(key: Uint8Array, id: bigint): string {
  const payload = new Uint8Array(KEY_BYTES + ID_BYTES);
  payload.set(key);
  new DataView(payload.buffer).setBigUint64(KEY_BYTES, id);
  return encodeStrkey(StrkeyVersion.muxedAccount, payload);
}

/** The address of the ScAddress at `offset`: G, C, M, B or L. */
export function scAddress(xdr: XdrBytes, offset: number): string {
  const type = xdr.int32(offset, "ScAddress");
  const at = offset + 4;
  switch (type) {
    case ScAddressType.scAddressTypeAccount:
      return accountAddress(xdr, at);
    case ScAddressType.scAddressTypeContract:
      return contractAddress(xdr, at);
    case ScAddressType.scAddressTypeMuxedAccount: {
      const key = xdr.slice(at + ID_BYTES, at + ID_BYTES + KEY_BYTES);
      return muxedAddress(key, xdr.uint64(at, "MuxedEd25519Account.id"));
    }
    case ScAddressType.scAddressTypeClaimableBalance:
      return claimableBalanceAddress(xdr, at);
    case ScAddressType.scAddressTypeLiquidityPool:
      return poolAddress(xdr, at);
    default:
      throw unknownArm("ScAddress", offset, type);
  }
}

export interface MuxedAccount {
  /** The G address. */
  readonly account: string;
  /** The M address and its id, when the account is given with one. */
  readonly muxed: string | undefined;
  readonly id: bigint | undefined;
}

/** The MuxedAccount at `offset`, as operations and transactions name their accounts. */
export function muxedAccount(xdr: XdrBytes, offset: number): MuxedAccount {
  const type = xdr.int32(offset, "MuxedAccount");
  if (type === CryptoKeyType.keyTypeEd25519) {
    const account = addressOfKey(xdr, offset + 4, StrkeyVersion.account);
    return { account, muxed: undefined, id: undefined };
  }
  if (type !== CryptoKeyType.keyTypeMuxedEd25519) throw unknownArm("MuxedAccount", offset, type);
  const id = xdr.uint64(offset + 4, "MuxedAccount.id");
  const keyOffset = offset + 4 + ID_BYTES;
  return {
    account: addressOfKey(xdr, keyOffset, StrkeyVersion.account),
    muxed: muxedAddress(xdr.slice(keyOffset, keyOffset + KEY_BYTES), id),
    id,
  };
}

function checkZero(xdr: XdrBytes, offset: number, type: string): void {
  const arm = xdr.int32(offset, type);
  if (arm !== 0) throw unknownArm(type, offset, arm);
}
