import { eventId, LEDGER_SEQUENCE, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Lumens that moved, from a threshold up. */
export const largeTransactionEvent = defineEventType({
  name: "stellar.large_transaction.v1",
  aliases: ["stellar.large_transaction", "transaction.large"],
  table: "large_transactions",
  doc: "A movement of lumens of at least the threshold of the detector.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction and place of the event"),
    TRANSACTION_HASH,
    { name: "amount", type: "decimal", nullable: false, doc: "Amount in lumens." },
    {
      name: "source_account",
      type: "string",
      nullable: false,
      doc: "Account, or contract, that pays.",
    },
    {
      name: "destination_account",
      type: "string",
      nullable: false,
      doc: "Account, or contract, that is paid.",
    },
    { name: "timestamp", type: "timestamp", nullable: false, doc: "Close time of the ledger." },
    LEDGER_SEQUENCE,
  ],
});
