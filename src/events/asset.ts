import { column } from "./column.ts";
import { assetColumns } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Assets; columns as in Hubble's `history_assets`. */
export const assetEvent = defineEventType({
  name: "stellar.asset.v1",
  aliases: ["stellar.asset"],
  table: "assets",
  doc: "An asset at its first appearance in a payment or an offer, once per run.",
  id: "event_id",
  columns: [
    column("event_id", "string", "Network and number of the asset: the same in any run."),
    ...assetColumns("the asset"),
    column("closed_at", "timestamp", "Close time of the ledger where it first appeared."),
    column("ledger_sequence", "int64", "Sequence of that ledger."),
  ],
});
