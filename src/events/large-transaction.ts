import { defineEventType } from "./event-type.ts";

/** Lumens that moved, from a threshold up. */
export const largeTransactionEvent = defineEventType({
  name: "stellar.large_transaction.v1",
  aliases: ["stellar.large_transaction", "transaction.large"],
  table: "large_transactions",
  doc: "A movement of lumens of at least the threshold of the detector.",
  id: "event_id",
  columns: [
    {
      name: "event_id",
      type: "string",
      nullable: false,
      doc: "Network, ledger, transaction and place of the event: the same in any run.",
    },
    {
      name: "transaction_hash",
      type: "string",
      nullable: false,
      doc: "Hash of the transaction, hex.",
    },
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
    { name: "ledger_sequence", type: "int64", nullable: false, doc: "Ledger sequence." },
  ],
});
