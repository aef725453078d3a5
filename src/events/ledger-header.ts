import { CLOSED_AT } from "./column.ts";
import { defineEventType } from "./event-type.ts";

/** A ledger's header and counts; columns as in Hubble's `ledgers`. */
export const ledgerHeaderEvent = defineEventType({
  name: "stellar.ledger_header.v1",
  aliases: ["stellar.ledger_header"],
  table: "ledgers",
  doc: "A closed ledger: its header and what its transactions come to.",
  id: "event_id",
  columns: [
    {
      name: "event_id",
      type: "string",
      nullable: false,
      doc: "Network and ledger sequence: the same in any run.",
    },
    { name: "sequence", type: "int64", nullable: false, doc: "Ledger sequence." },
    { name: "ledger_hash", type: "string", nullable: false, doc: "Hash of the ledger, hex." },
    {
      name: "previous_ledger_hash",
      type: "string",
      nullable: false,
      doc: "Hash of the ledger before, hex.",
    },
    { name: "ledger_header", type: "string", nullable: false, doc: "LedgerHeader as base64 XDR." },
    {
      name: "transaction_count",
      type: "int32",
      nullable: false,
      doc: "Transactions that succeeded.",
    },
    {
      name: "operation_count",
      type: "int32",
      nullable: false,
      doc: "Operations of the transactions that succeeded.",
    },
    {
      name: "successful_transaction_count",
      type: "int32",
      nullable: false,
      doc: "Transactions that succeeded.",
    },
    {
      name: "failed_transaction_count",
      type: "int32",
      nullable: false,
      doc: "Transactions that failed; they paid a fee all the same.",
    },
    {
      name: "tx_set_operation_count",
      type: "string",
      nullable: false,
      doc: "Operations of all transactions in the set.",
    },
    CLOSED_AT,
    { name: "total_coins", type: "int64", nullable: false, doc: "Lumens that exist, in stroops." },
    {
      name: "fee_pool",
      type: "int64",
      nullable: false,
      doc: "Fees that were ever charged, in stroops.",
    },
    {
      name: "base_fee",
      type: "int64",
      nullable: false,
      doc: "Least fee of an operation, in stroops.",
    },
    {
      name: "base_reserve",
      type: "int64",
      nullable: false,
      doc: "Reserve of an entry, in stroops.",
    },
    {
      name: "max_tx_set_size",
      type: "int64",
      nullable: false,
      doc: "Most operations (before protocol 11: transactions) of a ledger.",
    },
    { name: "protocol_version", type: "int32", nullable: false, doc: "Protocol version." },
    { name: "id", type: "int64", nullable: false, doc: "Id of the ledger (SEP-35)." },
    {
      name: "soroban_fee_write_1kb",
      type: "int64",
      nullable: false,
      doc: "Fee of writing 1 KB to the ledger, in stroops; 0 before protocol 20.",
    },
    {
      name: "node_id",
      type: "string",
      nullable: false,
      doc: "Validator that signed the ledger's value; empty before protocol 14.",
    },
    { name: "signature", type: "string", nullable: false, doc: "Its signature, base64." },
    {
      name: "total_byte_size_of_bucket_list",
      type: "uint64",
      nullable: false,
      doc: "The same as the size of the live Soroban state.",
    },
    {
      name: "total_byte_size_of_live_soroban_state",
      type: "uint64",
      nullable: false,
      doc: "Bytes of the live Soroban state; of the bucket list before protocol 23.",
    },
    {
      name: "evicted_ledger_keys_type",
      type: "strings",
      nullable: true,
      doc: "Types of the entries that were archived or removed; null before protocol 20.",
    },
    {
      name: "evicted_ledger_keys_hash",
      type: "strings",
      nullable: true,
      doc: "Their keys as base64 XDR, in the same order; hashes by name only, as in Hubble.",
    },
  ],
});
