import { restoredKeyEvent } from "../../events/restored-key.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/restored-keys.ts";
import { LedgerEntryChangeType } from "../../gen/xdr/ledger-entry-change-type.ts";
import { ledgerEntryTypeName } from "../../gen/xdr/ledger-entry-type.ts";
import { ledgerKeyXdr } from "../../stellar/changes/entry-key.ts";
import { goName } from "../../stellar/go-names.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import type { ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { change, entry } = changed;
  if (change.kind !== LedgerEntryChangeType.ledgerEntryRestored) return;
  rows.push({
    event_id: changed.eventId,
    ledger_key_hash: ledgerKeyXdr(entry.xdr, entry.offset).toString("base64"),
    ledger_entry_type: goName("LedgerEntryType", ledgerEntryTypeName(change.type)),
    last_modified_ledger: BigInt(entry.lastModifiedLedgerSeq),
    closed_at: scope.closedAt,
    ledger_sequence: scope.sequence,
  });
}

export const restoredKeysTable: EntryTable = {
  name: "restored-keys",
  aliases: ["restored-key"],
  summary: "Keys of entries that came back from the archive, as in Hubble.",
  event: restoredKeyEvent,
  entryType: undefined,
  addRows,
  configSchema,
  configJsonSchema,
};

export const restoredKeys = entryTable(restoredKeysTable);
