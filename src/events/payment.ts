import { CLOSED_AT, eventId, LEDGER_SEQUENCE, OPERATION_ID, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Payments between accounts. */
export const paymentEvent = defineEventType({
  name: "stellar.payment.v1",
  aliases: ["stellar.payment", "payment"],
  table: "payments",
  doc: "A payment, path payment, account creation or account merge that succeeded.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction and operation"),
    TRANSACTION_HASH,
    OPERATION_ID,
    {
      name: "type",
      type: "string",
      nullable: false,
      doc: "Kind of operation: `payment`, `create_account`, `path_payment_strict_send`.",
    },
    { name: "from", type: "string", nullable: false, doc: "Account that pays." },
    {
      name: "from_muxed",
      type: "string",
      nullable: true,
      doc: "That account with its id, as an M address.",
    },
    { name: "to", type: "string", nullable: false, doc: "Account that is paid." },
    {
      name: "to_muxed",
      type: "string",
      nullable: true,
      doc: "That account with its id, as an M address.",
    },
    {
      name: "asset",
      type: "string",
      nullable: false,
      doc: "What arrived: native, or code and issuer joined by a colon.",
    },
    { name: "amount", type: "decimal", nullable: false, doc: "How much arrived." },
    {
      name: "source_asset",
      type: "string",
      nullable: false,
      doc: "What the sender paid with; the same asset except in path payments.",
    },
    { name: "source_amount", type: "decimal", nullable: false, doc: "How much the sender paid." },
    {
      name: "memo_type",
      type: "string",
      nullable: false,
      doc: "none, text, id, hash or return.",
    },
    {
      name: "memo",
      type: "string",
      nullable: false,
      doc: "Text or number of the transaction's memo, or its hash in base64; empty: none.",
    },
    LEDGER_SEQUENCE,
    CLOSED_AT,
  ],
});
