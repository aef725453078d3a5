import { contractCodeEvent } from "../../events/contract-code.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/contract-code.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import { ledgerKeyHash, ledgerKeyXdr } from "../../stellar/changes/entry-key.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { xdr, data, offset } = changed.entry;
  const code = changed.need(data.contractCode);
  const costs = code.ext.v1?.costInputs;
  rows.push({
    event_id: changed.eventId,
    contract_code_hash: xdr.hex(code.hashOffset, code.codeOffset),
    contract_code_ext_v: code.ext.v,
    ledger_key_hash: ledgerKeyHash(ledgerKeyXdr(xdr, offset)),
    n_instructions: BigInt(costs?.nInstructions ?? 0),
    n_functions: BigInt(costs?.nFunctions ?? 0),
    n_globals: BigInt(costs?.nGlobals ?? 0),
    n_table_entries: BigInt(costs?.nTableEntries ?? 0),
    n_types: BigInt(costs?.nTypes ?? 0),
    n_data_segments: BigInt(costs?.nDataSegments ?? 0),
    n_elem_segments: BigInt(costs?.nElemSegments ?? 0),
    n_imports: BigInt(costs?.nImports ?? 0),
    n_exports: BigInt(costs?.nExports ?? 0),
    n_data_segment_bytes: BigInt(costs?.nDataSegmentBytes ?? 0),
    ...changeColumns(scope, changed),
  });
}

export const contractCodeTable: EntryTable = {
  name: "contract-code",
  aliases: ["contract-codes", "ContractCode"],
  summary: "Contract code that was installed or changed, by hash and size, as in Hubble.",
  event: contractCodeEvent,
  entryType: LedgerEntryType.contractCode,
  addRows,
  configSchema,
  configJsonSchema,
};

export const contractCode = entryTable(contractCodeTable);
