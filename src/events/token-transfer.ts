import { CLOSED_AT, eventId, LEDGER_SEQUENCE, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Movements of tokens as CAP-67 defines them; columns as in Hubble's `token_transfers`. */
export const tokenTransferEvent = defineEventType({
  name: "stellar.token_transfer.v1",
  aliases: [
    "stellar.token_transfer",
    "ttp_event_service.TTPEvent",
    "token_transfer.TokenTransferEvent",
  ],
  table: "token_transfers",
  doc: "A transfer, mint, burn, clawback or fee of an asset or a contract token.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction and place of the event"),
    TRANSACTION_HASH,
    {
      name: "transaction_id",
      type: "int64",
      nullable: false,
      doc: "Id of the transaction (SEP-35): ledger, place in apply order.",
    },
    {
      name: "operation_id",
      type: "int64",
      nullable: true,
      doc: "Id of the operation (SEP-35); null for fees.",
    },
    {
      name: "event_topic",
      type: "string",
      nullable: false,
      doc: "transfer, mint, burn, clawback or fee.",
    },
    {
      name: "from",
      type: "string",
      nullable: true,
      doc: "Address that it comes from; null for a mint.",
    },
    {
      name: "to",
      type: "string",
      nullable: true,
      doc: "Address that it goes to; null for a burn, clawback or fee.",
    },
    {
      name: "asset",
      type: "string",
      nullable: false,
      doc: "native, or type, code and issuer joined by colons; empty for a contract token.",
    },
    {
      name: "asset_type",
      type: "string",
      nullable: false,
      doc: "native, credit_alphanum4 or credit_alphanum12; empty for a contract token.",
    },
    { name: "asset_code", type: "string", nullable: true, doc: "Code of an issued asset." },
    { name: "asset_issuer", type: "string", nullable: true, doc: "Issuer of an issued asset." },
    {
      name: "amount",
      type: "decimal",
      nullable: false,
      doc: "Amount in units of seven places; a refunded fee is negative.",
    },
    {
      name: "amount_raw",
      type: "string",
      nullable: false,
      doc: "Amount in the token's smallest unit: stroops for an asset.",
    },
    {
      name: "contract_id",
      type: "string",
      nullable: false,
      doc: "Contract of the token or asset.",
    },
    LEDGER_SEQUENCE,
    CLOSED_AT,
    {
      name: "to_muxed",
      type: "string",
      nullable: true,
      doc: "Recipient with the id that the payment carries, as an M address.",
    },
    {
      name: "to_muxed_id",
      type: "string",
      nullable: true,
      doc: "That id; 0 when the payment carries text or bytes instead, as in Hubble.",
    },
  ],
});
