import { CLOSED_AT, eventId, LEDGER_SEQUENCE } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Operations; columns as in Hubble's `history_operations`. */
export const operationEvent = defineEventType({
  name: "stellar.operation.v1",
  aliases: ["stellar.operation"],
  table: "operations",
  doc: "An operation of a transaction, with what it asks for and how it ended.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction and place of the operation"),
    { name: "source_account", type: "string", nullable: false, doc: "Account that it acts for." },
    {
      name: "source_account_muxed",
      type: "string",
      nullable: true,
      doc: "That account with its id, as an M address.",
    },
    { name: "type", type: "int32", nullable: false, doc: "OperationType as a number." },
    {
      name: "type_string",
      type: "string",
      nullable: false,
      doc: "OperationType as a name: `payment`, `invoke_host_function`.",
    },
    {
      name: "details",
      type: "json",
      nullable: false,
      doc: "What the operation asks for; its keys depend on the type.",
    },
    {
      name: "transaction_id",
      type: "int64",
      nullable: false,
      doc: "Id of the transaction (SEP-35).",
    },
    { name: "id", type: "int64", nullable: false, doc: "Id of the operation (SEP-35)." },
    CLOSED_AT,
    {
      name: "operation_result_code",
      type: "string",
      nullable: false,
      doc: "Whether it was tried, in Hubble's spelling; empty when the transaction failed before.",
    },
    {
      name: "operation_trace_code",
      type: "string",
      nullable: false,
      doc: "How it ended, in Hubble's spelling; empty when it was not tried.",
    },
    LEDGER_SEQUENCE,
  ],
});
