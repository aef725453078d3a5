import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Lifetimes; columns as in Hubble's `ttl`. */
export const ttlEvent = defineEventType({
  name: "stellar.ttl.v1",
  aliases: ["stellar.ttl"],
  table: "ttl",
  doc: "The lifetime of contract data or code after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("key_hash", "string", "SHA-256 of the LedgerKey of what lives so long, hex."),
    column("live_until_ledger_seq", "int64", "Last ledger in which it lives."),
    ...CHANGE_COLUMNS,
  ],
});
