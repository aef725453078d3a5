import { column } from "./column.ts";
import { accountEvent } from "./account.ts";
import { CHANGE_COLUMNS } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** An account as `stellar.account.v1` has it, and its signers in the same row. */
export const accountDataEvent = defineEventType({
  name: "stellar.account_data.v1",
  aliases: ["stellar.account_data"],
  table: "account_data",
  doc: "The state of an account, signers included, after a ledger changed it.",
  id: "event_id",
  columns: [
    ...accountEvent.columns.filter((own) => !CHANGE_COLUMNS.includes(own)),
    column("signers", "json", "Who may sign for it: `signer`, `weight` and `sponsor` of each."),
    ...CHANGE_COLUMNS,
  ],
});
