import { eventId, LEDGER_SEQUENCE, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Payments in the few columns that shops and their back offices read. */
export const appPaymentEvent = defineEventType({
  name: "stellar.app_payment.v1",
  aliases: ["stellar.app_payment", "app_payment"],
  table: "app_payments",
  doc: "A payment as an application sees it: who bought, who sold, what came.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction and operation"),
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
    LEDGER_SEQUENCE,
    TRANSACTION_HASH,
  ],
});
