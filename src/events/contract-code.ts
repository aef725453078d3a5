import { column } from "./column.ts";
import { CHANGE_COLUMNS, EVENT_ID } from "./entry-columns.ts";
import { defineEventType } from "./event-type.ts";

/** Contract code; columns as in Hubble's `contract_code`. */
export const contractCodeEvent = defineEventType({
  name: "stellar.contract_code.v1",
  aliases: ["stellar.contract_code"],
  table: "contract_code",
  doc: "The code of contracts after a ledger changed it.",
  id: "event_id",
  columns: [
    EVENT_ID,
    column("contract_code_hash", "string", "SHA-256 of the code, hex."),
    column(
      "contract_code_ext_v",
      "int32",
      "1 where the entry says what the code consists of, 0 where not.",
    ),
    column("ledger_key_hash", "string", "SHA-256 of its LedgerKey, hex."),
    column("n_instructions", "int64", "Instructions in the code."),
    column("n_functions", "int64", "Functions."),
    column("n_globals", "int64", "Globals."),
    column("n_table_entries", "int64", "Entries of tables."),
    column("n_types", "int64", "Types."),
    column("n_data_segments", "int64", "Data segments."),
    column("n_elem_segments", "int64", "Element segments."),
    column("n_imports", "int64", "Imports."),
    column("n_exports", "int64", "Exports."),
    column("n_data_segment_bytes", "int64", "Bytes in data segments."),
    ...CHANGE_COLUMNS,
  ],
});
