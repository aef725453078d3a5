import { liquidityPoolEvent } from "../../events/liquidity-pool.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/liquidity-pools.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { poolAddress } from "../../stellar/address.ts";
import { decimalOfStroops } from "../../stellar/amount.ts";
import { ledgerAsset } from "../../stellar/ledger-asset.ts";
import { unknownArm } from "../../stellar/xdr/xdr-bytes.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

const POOL_ID_BYTES = 32;

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { xdr, data } = changed.entry;
  const pool = changed.need(data.liquidityPool);
  const body = pool.body.constantProduct;
  if (body === undefined) throw unknownArm("LiquidityPoolEntry", pool.bodyOffset, pool.body.type);
  const { params } = body;
  const a = ledgerAsset(xdr, params.assetAOffset);
  const b = ledgerAsset(xdr, params.assetBOffset);
  rows.push({
    event_id: changed.eventId,
    liquidity_pool_id: xdr.hex(pool.offset, pool.offset + POOL_ID_BYTES),
    liquidity_pool_id_strkey: poolAddress(xdr, pool.offset),
    type: "constant_product",
    fee: params.fee,
    trustline_count: body.poolSharesTrustLineCount,
    pool_share_count: decimalOfStroops(body.totalPoolShares),
    asset_a_type: a.type,
    asset_a_code: a.code ?? "",
    asset_a_issuer: a.issuer ?? "",
    asset_a_id: a.id,
    asset_a_amount: decimalOfStroops(body.reserveA),
    asset_b_type: b.type,
    asset_b_code: b.code ?? "",
    asset_b_issuer: b.issuer ?? "",
    asset_b_id: b.id,
    asset_b_amount: decimalOfStroops(body.reserveB),
    ...changeColumns(scope, changed),
  });
}

export const liquidityPoolsTable: EntryTable = {
  name: "liquidity-pools",
  aliases: ["liquidity-pool"],
  summary: "Liquidity pools that changed: reserves and shares, as in Hubble.",
  event: liquidityPoolEvent,
  entryType: LedgerEntryType.liquidityPool,
  addRows,
  configSchema,
  configJsonSchema,
};

export const liquidityPools = entryTable(liquidityPoolsTable);
