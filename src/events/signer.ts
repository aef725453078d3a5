import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Signers; columns as in Hubble's `account_signers`. */
export const signerEvent = defineEventType({
  name: "stellar.signer.v1",
  aliases: ["stellar.signer", "stellar.account_signer"],
  table: "signers",
  doc: "A signer of an account whose signers a ledger changed.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("account_id", "string", "The account, a G address."),
    column(
      "signer",
      "string",
      "What may sign for it: its own key, another, a transaction, a hash.",
    ),
    column("weight", "int32", "What its signature weighs."),
    column("sponsor", "string", "Account that pays the signer's reserve (CAP-33).", "nullable"),
    ...CHANGE_COLUMNS,
  ],
});
