import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Liquidity pools; columns as in Hubble's `liquidity_pools`. */
export const liquidityPoolEvent = defineEventType({
  name: "stellar.liquidity_pool.v1",
  aliases: ["stellar.liquidity_pool"],
  table: "liquidity_pools",
  doc: "The state of a liquidity pool after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("liquidity_pool_id", "string", "Id of the pool, hex."),
    column("liquidity_pool_id_strkey", "string", "Id of the pool, an L address."),
    column("type", "string", "constant_product."),
    column("fee", "int32", "What it takes of a trade, in hundredths of a percent."),
    column("trustline_count", "int64", "Trustlines that hold its shares."),
    column("pool_share_count", "decimal", "Shares of it."),
    column(
      "asset_a_type",
      "string",
      "Type of the first asset: native, credit_alphanum4 or credit_alphanum12.",
    ),
    column("asset_a_code", "string", "Code of the first asset; empty for lumens."),
    column("asset_a_issuer", "string", "Issuer of the first asset; empty for lumens."),
    column("asset_a_id", "int64", "Hubble's number of the first asset."),
    column("asset_a_amount", "decimal", "What it holds of the first asset."),
    column(
      "asset_b_type",
      "string",
      "Type of the second asset: native, credit_alphanum4 or credit_alphanum12.",
    ),
    column("asset_b_code", "string", "Code of the second asset; empty for lumens."),
    column("asset_b_issuer", "string", "Issuer of the second asset; empty for lumens."),
    column("asset_b_id", "int64", "Hubble's number of the second asset."),
    column("asset_b_amount", "decimal", "What it holds of the second asset."),
    ...CHANGE_COLUMNS,
  ],
});
