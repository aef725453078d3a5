import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID, SPONSOR } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Accounts; columns as in Hubble's `accounts`. */
export const accountEvent = defineEventType({
  name: "stellar.account.v1",
  aliases: ["stellar.account"],
  table: "accounts",
  doc: "The state of an account after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("account_id", "string", "The account, a G address."),
    column("balance", "decimal", "Lumens that it holds."),
    column("buying_liabilities", "decimal", "Lumens that its offers may buy."),
    column("selling_liabilities", "decimal", "Lumens that its offers may sell."),
    column("sequence_number", "int64", "Sequence number of its last transaction."),
    column("num_subentries", "int64", "Trustlines, offers, signers and data entries that it owns."),
    column("inflation_destination", "string", "Account that it votes for; empty: none."),
    column(
      "flags",
      "int64",
      "Flags of an issuer: 1 auth required, 2 revocable, 4 immutable, 8 clawback.",
    ),
    column("home_domain", "string", "Domain that it claims; empty: none."),
    column("master_weight", "int32", "Weight of its own key, 0 to 255."),
    column("threshold_low", "int32", "Weight that operations of low security need."),
    column("threshold_medium", "int32", "Weight that operations of medium security need."),
    column("threshold_high", "int32", "Weight that operations of high security need."),
    SPONSOR,
    column("num_sponsored", "int64", "Reserves that others pay for it."),
    column("num_sponsoring", "int64", "Reserves that it pays for others."),
    column(
      "sequence_ledger",
      "int64",
      "Ledger in which its sequence number last changed; 0: before protocol 19.",
    ),
    column(
      "sequence_time",
      "int64",
      "Close time of that ledger, seconds since 1970; 0: before protocol 19.",
    ),
    ...CHANGE_COLUMNS,
  ],
});
