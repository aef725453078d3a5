import { CLOSED_AT, eventId, LEDGER_SEQUENCE, OPERATION_ID, TRANSACTION_HASH } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** Calls of contracts by operations. */
export const contractInvocationEvent = defineEventType({
  name: "stellar.contract_invocation.v1",
  aliases: ["stellar.contract_invocation", "contract.invocation"],
  table: "contract_invocations",
  doc: "A call of a contract's function by an operation, with what it authorised and called.",
  id: "event_id",
  columns: [
    eventId("ledger, transaction and operation"),
    TRANSACTION_HASH,
    {
      name: "transaction_id",
      type: "int64",
      nullable: false,
      doc: "Id of the transaction (SEP-35).",
    },
    OPERATION_ID,
    { name: "source_account", type: "string", nullable: false, doc: "Account that calls." },
    { name: "contract_id", type: "string", nullable: false, doc: "Contract that is called." },
    { name: "function", type: "string", nullable: false, doc: "Function that is called." },
    {
      name: "arguments",
      type: "json",
      nullable: false,
      doc: "Arguments in the form of SEP-51, such as `{u32: 5}`.",
    },
    {
      name: "arguments_xdr",
      type: "strings",
      nullable: false,
      doc: "The same as base64 XDR of each ScVal.",
    },
    {
      name: "auth",
      type: "json",
      nullable: false,
      doc: "Who authorised what: credentials, and the tree of calls they are good for.",
    },
    {
      name: "sub_calls",
      type: "json",
      nullable: true,
      doc: "Calls that the contract made, each with its own; null when core recorded none.",
    },
    {
      name: "return_value",
      type: "json",
      nullable: true,
      doc: "What the function returned, in the form of SEP-51; null when it failed.",
    },
    {
      name: "successful",
      type: "boolean",
      nullable: false,
      doc: "Whether the transaction succeeded.",
    },
    {
      name: "result_code",
      type: "string",
      nullable: false,
      doc: "How it ended, in Hubble's spelling; empty when it was not tried.",
    },
    LEDGER_SEQUENCE,
    CLOSED_AT,
  ],
});
