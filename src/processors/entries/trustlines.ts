import { trustlineEvent } from "../../events/trustline.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/trustlines.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { TrustLineAssetView } from "../../gen/xdr/trust-line-asset.ts";
import { accountAddress, poolAddress } from "../../stellar/address.ts";
import { decimalOfStroops } from "../../stellar/amount.ts";
import { fingerprint64 } from "../../stellar/farm-hash.ts";
import { type LedgerAsset, ledgerAsset } from "../../stellar/ledger-asset.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { entry } = changed;
  const { xdr } = entry;
  const line = changed.need(entry.data.trustLine);
  const { asset } = line;
  const poolId = asset.liquidityPoolId;
  const held = poolId === undefined ? ledgerAsset(xdr, asset.offset) : undefined;
  const liabilities = line.ext.v1?.liabilities;
  rows.push({
    event_id: changed.eventId,
    ledger_key: xdr.base64(entry.dataOffset, line.balanceOffset),
    account_id: accountAddress(xdr, line.accountIdOffset),
    asset_type: held?.type ?? "pool_share",
    asset_code: held?.code ?? "",
    asset_issuer: held?.issuer ?? "",
    asset_id: held === undefined ? POOL_SHARE_ID : lineAssetId(held),
    balance: decimalOfStroops(line.balance),
    trust_line_limit: line.limit,
    liquidity_pool_id: poolId === undefined ? "" : hexOf(asset),
    liquidity_pool_id_strkey: poolId === undefined ? "" : poolAddress(xdr, asset.offset + 4),
    buying_liabilities: decimalOfStroops(liabilities?.buying ?? 0n),
    selling_liabilities: decimalOfStroops(liabilities?.selling ?? 0n),
    flags: BigInt(line.flags),
    sponsor: changed.sponsor,
    ...changeColumns(scope, changed),
  });
}

function hexOf({ xdr, offset, endOffset }: TrustLineAssetView): string {
  return xdr.hex(offset + 4, endOffset);
}

/** Hubble numbers the assets of trustlines by the type's name in Go, unlike all others. */
const GO_TYPES = {
  native: "AssetTypeAssetTypeNative",
  credit_alphanum4: "AssetTypeAssetTypeCreditAlphanum4",
  credit_alphanum12: "AssetTypeAssetTypeCreditAlphanum12",
} as const;

const POOL_SHARE_ID = numberOf("AssetTypeAssetTypePoolShare");

/** An asset is kept by the cache of assets, and its number with it. */
const ids = new WeakMap<LedgerAsset, bigint>();

function lineAssetId(asset: LedgerAsset): bigint {
  let id = ids.get(asset);
  if (id === undefined) {
    id = numberOf(`${asset.code ?? ""}${asset.issuer ?? ""}${GO_TYPES[asset.type]}`);
    ids.set(asset, id);
  }
  return id;
}

function numberOf(text: string): bigint {
  return BigInt.asIntN(64, fingerprint64(text));
}

export const trustlinesTable: EntryTable = {
  name: "trustlines",
  aliases: ["trustline", "trust_lines"],
  summary: "Trustlines that changed: balance, limit and liabilities, as in Hubble.",
  event: trustlineEvent,
  entryType: LedgerEntryType.trustline,
  addRows,
  configSchema,
  configJsonSchema,
};

export const trustlines = entryTable(trustlinesTable);
