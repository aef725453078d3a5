import { defineEventType } from "./event-type.ts";

/** Payments in the few columns that shops and their back offices read. */
export const appPaymentEvent = defineEventType({
  name: "stellar.app_payment.v1",
  aliases: ["stellar.app_payment", "app_payment"],
  table: "app_payments",
  doc: "A payment as an application sees it: who bought, who sold, what came.",
  id: "event_id",
  columns: [
    {
      name: "event_id",
      type: "string",
      nullable: false,
      doc: "Network, ledger, transaction and operation: the same in any run.",
    },
    { name: "timestamp", type: "timestamp", nullable: false, doc: "Close time of the ledger." },
    { name: "buyer_account_id", type: "string", nullable: false, doc: "Account that pays." },
    { name: "seller_account_id", type: "string", nullable: false, doc: "Account that is paid." },
    {
      name: "asset_code",
      type: "string",
      nullable: false,
      doc: "What arrived: native, or code and issuer joined by a colon.",
    },
    { name: "amount", type: "decimal", nullable: false, doc: "How much arrived." },
    {
      name: "type",
      type: "string",
      nullable: false,
      doc: "Kind of operation: `payment`, `path_payment_strict_send`.",
    },
    {
      name: "memo",
      type: "string",
      nullable: false,
      doc: "Text or number of the transaction's memo, or its hash in base64; empty: none.",
    },
    { name: "ledger_sequence", type: "int64", nullable: false, doc: "Ledger sequence." },
    {
      name: "transaction_hash",
      type: "string",
      nullable: false,
      doc: "Hash of the transaction, hex.",
    },
  ],
});
