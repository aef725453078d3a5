/**
 * Keys of ledger entries. An entry's bytes hold its LedgerKey in one piece, but for the type in
 * front: `start` and `end` say where.
 */

import { hash } from "node:crypto";
import { skipContractCodeEntryExt } from "../../gen/xdr/contract-code-entry-ext.ts";
import { skipExtensionPoint } from "../../gen/xdr/extension-point.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { skipScAddress } from "../../gen/xdr/sc-address.ts";
import { skipScVal } from "../../gen/xdr/sc-val.ts";
import { skipTrustLineAsset } from "../../gen/xdr/trust-line-asset.ts";
import { unknownArm, type XdrBytes } from "../xdr/xdr-bytes.ts";

const INT_BYTES = 4;
const HASH_BYTES = 32;
const ACCOUNT_BYTES = 36;
const OFFER_ID_BYTES = 8;
const MAX_NAME_BYTES = 64;

export interface EntryKey {
  readonly type: LedgerEntryType;
  readonly start: number;
  readonly end: number;
}

/** The key of the LedgerEntry at `offset`. */
export function entryKey(xdr: XdrBytes, offset: number): EntryKey {
  const typeAt = offset + INT_BYTES;
  const type = xdr.int32(typeAt, "LedgerEntryData");
  const start = typeAt + INT_BYTES;
  switch (type) {
    case LedgerEntryType.account:
      return { type, start, end: start + ACCOUNT_BYTES };
    case LedgerEntryType.trustline:
      return { type, start, end: skipTrustLineAsset(xdr, start + ACCOUNT_BYTES) };
    case LedgerEntryType.offer:
      return { type, start, end: start + ACCOUNT_BYTES + OFFER_ID_BYTES };
    case LedgerEntryType.data: {
      const end = xdr.skipVariable(start + ACCOUNT_BYTES, MAX_NAME_BYTES, "DataEntry.dataName");
      return { type, start, end };
    }
    case LedgerEntryType.claimableBalance:
      return { type, start, end: start + INT_BYTES + HASH_BYTES };
    case LedgerEntryType.contractData: {
      const contract = skipExtensionPoint(xdr, start);
      const end = skipScVal(xdr, skipScAddress(xdr, contract)) + INT_BYTES;
      return { type, start: contract, end };
    }
    case LedgerEntryType.contractCode: {
      const codeHash = skipContractCodeEntryExt(xdr, start);
      return { type, start: codeHash, end: codeHash + HASH_BYTES };
    }
    case LedgerEntryType.configSetting:
      return { type, start, end: start + INT_BYTES };
    case LedgerEntryType.liquidityPool:
    case LedgerEntryType.ttl:
      return { type, start, end: start + HASH_BYTES };
    default:
      throw unknownArm("LedgerEntryData", typeAt, type);
  }
}

/** The LedgerKey of the LedgerEntry at `offset`, XDR. */
export function ledgerKeyXdr(xdr: XdrBytes, offset: number): Buffer {
  const { type, start, end } = entryKey(xdr, offset);
  const key = Buffer.alloc(INT_BYTES + end - start);
  key.writeInt32BE(type);
  key.set(xdr.slice(start, end), INT_BYTES);
  return key;
}

/** What a TTL names its entry by: SHA-256 of the LedgerKey's XDR, hex. */
export function ledgerKeyHash(key: Uint8Array): string {
  return hash("sha256", key, "hex");
}
