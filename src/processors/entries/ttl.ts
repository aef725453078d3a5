import { ttlEvent } from "../../events/ttl.ts";
import type { Row } from "../../flow/batch.ts";
import { configJsonSchema, configSchema } from "../../gen/config/ttl.ts";
import { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { LedgerScope } from "../ledger-processor.ts";
import { changeColumns, type ChangedEntry } from "./changed-entry.ts";
import { type EntryTable, entryTable } from "./entry-table.ts";

function addRows(rows: Row[], scope: LedgerScope, changed: ChangedEntry): void {
  const { xdr, data } = changed.entry;
  const lifetime = changed.need(data.ttl);
  rows.push({
    event_id: changed.eventId,
    key_hash: xdr.hex(lifetime.keyHashOffset, lifetime.liveUntilLedgerSeqOffset),
    live_until_ledger_seq: BigInt(lifetime.liveUntilLedgerSeq),
    ...changeColumns(scope, changed),
  });
}

export const ttlTable: EntryTable = {
  name: "ttl",
  aliases: ["ttls"],
  summary: "Lifetimes of contract data and code that changed, as in Hubble.",
  event: ttlEvent,
  entryType: LedgerEntryType.ttl,
  addRows,
  configSchema,
  configJsonSchema,
};

export const ttl = entryTable(ttlTable);
