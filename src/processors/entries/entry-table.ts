/** What the processors of tables of ledger entries have in common. */

import type { GenericSchema } from "valibot";
import type { EventType } from "../../events/event-type.ts";
import { ledgerEvent } from "../../events/ledger.ts";
import type { Row } from "../../flow/batch.ts";
import type { Processor, ProcessorDefinition } from "../../flow/component.ts";
import type { LedgerEntryType } from "../../gen/xdr/ledger-entry-type.ts";
import type { ChangeForm } from "../../stellar/changes/ledger-changes.ts";
import { ledgerChanges } from "../../stellar/changes/ledger-changes.ts";
import { configOf } from "../../flow/component-config.ts";
import { ledgerProcessor } from "../ledger-processor.ts";
import type { LedgerConfig, LedgerScope } from "../ledger-processor.ts";
import { ChangedEntry } from "./changed-entry.ts";

export interface EntryConfig extends LedgerConfig {
  readonly changes: ChangeForm;
}

/** What a table is made of. */
export interface EntryRows {
  readonly event: EventType;
  /** Undefined: entries of all types. */
  readonly entryType: LedgerEntryType | undefined;
  /** Adds the rows of a change, which may be none. */
  readonly addRows: (rows: Row[], scope: LedgerScope, changed: ChangedEntry) => void;
}

/** A table with a processor of its own. */
export interface EntryTable extends EntryRows {
  /** Name of the processor. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly configSchema: GenericSchema<unknown, unknown>;
  readonly configJsonSchema: Readonly<Record<string, unknown>>;
}

function entryRows(scope: LedgerScope, table: EntryRows, form: ChangeForm): Row[] {
  const changes = ledgerChanges(scope.ledger, () => scope.transactions());
  const chosen = table.entryType === undefined
    ? changes.every(form)
    : changes.ofType(form, table.entryType);
  const rows: Row[] = [];
  for (const change of chosen) {
    scope.reading(change.transaction);
    table.addRows(rows, scope, new ChangedEntry(scope, change, form));
  }
  scope.reading(undefined);
  return rows;
}

export function createEntryTable(table: EntryRows, config: EntryConfig): Processor {
  return ledgerProcessor(
    (scope) => [{ type: table.event, rows: entryRows(scope, table, config.changes) }],
    config,
  );
}

export function entryTable(table: EntryTable): ProcessorDefinition {
  const { name, aliases, summary, event, configSchema, configJsonSchema } = table;
  return {
    name,
    role: "processor",
    aliases,
    summary,
    configSchema,
    configJsonSchema,
    configAliases: { network: "network_passphrase" },
    accepts: [ledgerEvent.name],
    emits: [event.name],
    example: `id: ${name}
type: ${name}
inputs: [lake]
config:
  changes: all
`,
    create: (context) => createEntryTable(table, configOf<EntryConfig>(context)),
  };
}
