import { CLOSED_AT, eventId, LEDGER_SEQUENCE, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Events of contracts and of classic operations; columns as in Hubble's `contract_events`, and ours. */
export const contractEvent = defineEventType({
  name: "stellar.contract_event.v1",
  aliases: [
    "stellar.contract_event",
    "stellar.smart_contract.executed",
    "contract_events.ContractEvent",
  ],
  table: "contract_events",
  doc: "An event that a contract, a classic operation or the fee logic emitted.",
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
      name: "successful",
      type: "boolean",
      nullable: false,
      doc: "Whether the transaction succeeded.",
    },
    LEDGER_SEQUENCE,
    CLOSED_AT,
    {
      name: "in_successful_contract_call",
      type: "boolean",
      nullable: false,
      doc: "False for a diagnostic event of a call that failed.",
    },
    {
      name: "contract_id",
      type: "string",
      nullable: false,
      doc: "Contract that emitted it; empty when there is none.",
    },
    { name: "type", type: "int32", nullable: false, doc: "0 system, 1 contract, 2 diagnostic." },
    {
      name: "type_string",
      type: "string",
      nullable: false,
      doc: "ContractEventTypeSystem, ContractEventTypeContract or ContractEventTypeDiagnostic.",
    },
    {
      name: "topics",
      type: "strings",
      nullable: false,
      doc: "Topics, each an ScVal as base64 XDR.",
    },
    { name: "topics_decoded", type: "json", nullable: false, doc: "Topics as SEP-51 JSON." },
    { name: "data", type: "string", nullable: false, doc: "Data, an ScVal as base64 XDR." },
    { name: "data_decoded", type: "json", nullable: false, doc: "Data as SEP-51 JSON." },
    {
      name: "contract_event_xdr",
      type: "string",
      nullable: false,
      doc: "The event as a DiagnosticEvent, base64 XDR.",
    },
    {
      name: "operation_id",
      type: "int64",
      nullable: true,
      doc: "Id of the operation (SEP-35); null for events of the transaction and diagnostic ones.",
    },
    {
      name: "stage",
      type: "string",
      nullable: false,
      doc: "before_all_txs, after_tx, after_all_txs, operation or diagnostic.",
    },
    {
      name: "transaction_index",
      type: "int32",
      nullable: false,
      doc: "Place of the transaction in apply order, from 1.",
    },
    {
      name: "operation_index",
      type: "int32",
      nullable: true,
      doc: "Place of the operation in its transaction, from 0; null when there is none.",
    },
    {
      name: "event_index",
      type: "int32",
      nullable: false,
      doc: "Place among the events of its operation, or of its kind in the transaction, from 0.",
    },
  ],
});
