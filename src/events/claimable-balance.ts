import { column } from "./column.ts";
import { assetColumns, CHANGE_COLUMNS, EVENT_ID, SPONSOR } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Claimable balances; columns as in Hubble's `claimable_balances`. */
export const claimableBalanceEvent = defineEventType({
  name: "stellar.claimable_balance.v1",
  aliases: ["stellar.claimable_balance"],
  table: "claimable_balances",
  doc: "The state of a claimable balance after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("balance_id", "string", "Its id with the type in front, hex."),
    column("balance_id_strkey", "string", "Its id, a B address."),
    column("claimants", "json", "Who may claim it and when: `destination` and `predicate`."),
    ...assetColumns("the asset"),
    column("asset_amount", "decimal", "What it holds."),
    SPONSOR,
    column("flags", "int64", "1: clawback."),
    ...CHANGE_COLUMNS,
  ],
});
