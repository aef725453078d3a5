/** Columns that tables of all kinds have, and a short way to write others. */

import type { Column } from "./event-type.ts";

export function column(
  name: string,
  type: Column["type"],
  doc: string,
  nullable: "nullable" | "required" = "required",
): Column {
  return { name, type, nullable: nullable === "nullable", doc };
}

export const CLOSED_AT: Column = column("closed_at", "timestamp", "Close time of the ledger.");

export const LEDGER_SEQUENCE: Column = column("ledger_sequence", "int64", "Ledger sequence.");

export const TRANSACTION_HASH: Column = column(
  "transaction_hash",
  "string",
  "Hash of the transaction, hex.",
);

export const OPERATION_ID: Column = column(
  "operation_id",
  "int64",
  "Id of the operation (SEP-35).",
);

/** The id of a table's rows; `place`: what it is made of, after "Network, ". */
export function eventId(place: string): Column {
  return column("event_id", "string", `Network, ${place}: the same in any run.`);
}
