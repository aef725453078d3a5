/** Columns that every table of ledger entries has. */

import { CLOSED_AT, column, LEDGER_SEQUENCE } from "./column.ts";
import type { Column } from "./event-type.ts";

export const EVENT_ID: Column = column(
  "event_id",
  "string",
  "Network, ledger and place of the change that made it so: the same in any run.",
);

export const SPONSOR: Column = column(
  "sponsor",
  "string",
  "Account that pays the entry's reserve in its owner's place (CAP-33).",
  "nullable",
);

/** What the ledger did to the entry, when, and (with `changes: all`) by which operation. */
export const CHANGE_COLUMNS: readonly Column[] = [
  column("last_modified_ledger", "int64", "Ledger that last changed the state shown."),
  column("ledger_entry_change", "int32", "0 created, 1 updated, 2 removed, 4 restored."),
  column("deleted", "boolean", "The entry is gone; the row has a state from before."),
  CLOSED_AT,
  LEDGER_SEQUENCE,
  column(
    "transaction_hash",
    "string",
    "Transaction that made the change, hex; only with `changes: all`, and not of an upgrade.",
    "nullable",
  ),
  column("transaction_id", "int64", "Id of that transaction (SEP-35).", "nullable"),
  column(
    "operation_id",
    "int64",
    "Id of the operation that made the change (SEP-35); null for fees and refunds.",
    "nullable",
  ),
];

/** An asset as four columns; `prefix` such as `selling_`. */
export function assetColumns(what: string, prefix = ""): readonly Column[] {
  return [
    column(
      `${prefix}asset_type`,
      "string",
      `Type of ${what}: native, credit_alphanum4 or credit_alphanum12.`,
    ),
    column(`${prefix}asset_code`, "string", `Code of ${what}; empty for lumens.`),
    column(`${prefix}asset_issuer`, "string", `Issuer of ${what}; empty for lumens.`),
    column(`${prefix}asset_id`, "int64", `Hubble's number of ${what}.`),
  ];
}
