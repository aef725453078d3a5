import { CLOSED_AT, column, eventId, LEDGER_SEQUENCE, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** What dead letters hold of a transaction that was left out; no component gives or takes it. */
export const unreadableTransactionEvent = defineEventType({
  name: "stellar.unreadable_transaction.v1",
  aliases: [],
  table: "unreadable_transactions",
  doc: "A transaction whose result or meta holds what this version of flowctl does not know.",
  id: "event_id",
  columns: [
    eventId("ledger and transaction hash"),
    TRANSACTION_HASH,
    column("transaction_index", "int32", "Place in apply order, from 1."),
    column(
      "result_meta_xdr",
      "bytes",
      "Its TransactionResultMeta or TransactionResultMetaV1, XDR.",
    ),
    LEDGER_SEQUENCE,
    CLOSED_AT,
  ],
});
