import { CLOSED_AT, column, LEDGER_SEQUENCE } from "./column.ts";
import { EVENT_ID } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Restored keys; columns as in Hubble's `restored_key`. */
export const restoredKeyEvent = defineEventType({
  name: "stellar.restored_key.v1",
  aliases: ["stellar.restored_key"],
  table: "restored_keys",
  doc: "The key of an entry that a ledger brought back from the archive.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("ledger_key_hash", "string", "Its LedgerKey as base64 XDR, whatever the name says."),
    column("ledger_entry_type", "string", "Its type: `LedgerEntryTypeContractData`, `…Ttl`."),
    column("last_modified_ledger", "int64", "Ledger that last changed the entry."),
    CLOSED_AT,
    LEDGER_SEQUENCE,
  ],
});
