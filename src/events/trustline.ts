import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID, SPONSOR } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Trustlines; columns as in Hubble's `trust_lines`. */
export const trustlineEvent = defineEventType({
  name: "stellar.trustline.v1",
  aliases: ["stellar.trustline"],
  table: "trustlines",
  doc: "The state of a trustline after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("ledger_key", "string", "Its LedgerKey as base64 XDR."),
    column("account_id", "string", "The account, a G address."),
    column("asset_type", "string", "credit_alphanum4, credit_alphanum12, or pool_share."),
    column("asset_code", "string", "Code of the asset; empty for shares of a pool."),
    column("asset_issuer", "string", "Issuer of the asset; empty for shares of a pool."),
    column(
      "asset_id",
      "int64",
      "Hubble's number of the asset as trustlines have it: unlike that of other tables.",
    ),
    column("balance", "decimal", "What it holds of the asset."),
    column("trust_line_limit", "int64", "The most that it may hold, in stroops."),
    column("liquidity_pool_id", "string", "Id of the pool, hex; empty for an asset."),
    column(
      "liquidity_pool_id_strkey",
      "string",
      "Id of the pool, an L address; empty for an asset.",
    ),
    column("buying_liabilities", "decimal", "What its offers may buy."),
    column("selling_liabilities", "decimal", "What its offers may sell."),
    column("flags", "int64", "1 authorised, 2 to keep its offers only, 4 clawback."),
    SPONSOR,
    ...CHANGE_COLUMNS,
  ],
});
