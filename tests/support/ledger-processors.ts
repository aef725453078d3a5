/** Every processor of the catalogue that reads ledgers, a new one too, in each of its forms. */

import { catalogue } from "../../src/catalogue.ts";
import { ledgerEvent } from "../../src/events/ledger.ts";
import type { Processor } from "../../src/flow/component.ts";
import { hubbleTables } from "../../src/processors/hubble/tables.ts";
import { testContext } from "./sink-context.ts";

type Config = Record<string, unknown>;

/** Configs with which a processor reads other places of a ledger; without: its defaults. */
const CONFIGS: Readonly<Record<string, readonly Config[]>> = {
  "token-transfer": [
    { transfers_from: "auto" },
    { transfers_from: "unified" },
    { transfers_from: "derived" },
  ],
  "contract-events": [{ diagnostic_events: true }],
  "large-transaction-detector": [{ threshold_xlm: 0 }],
  "transactions": [{}, { on_unknown: "skip" }],
  "hubble": [{ changes: "last" }, { changes: "all" }],
};
const BOTH_FORMS: readonly Config[] = [{ changes: "last" }, { changes: "all" }];
const ENTRY_TABLES: ReadonlySet<string> = new Set(
  hubbleTables.filter(({ ofEntries }) => ofEntries).map(({ definition }) => definition.name),
);

export interface NamedProcessor {
  /** Its name and config. */
  readonly name: string;
  readonly processor: Processor;
}

export async function ledgerProcessors(): Promise<readonly NamedProcessor[]> {
  const made: NamedProcessor[] = [];
  for (const definition of catalogue) {
    if (definition.role !== "processor" || !definition.accepts.includes(ledgerEvent.name)) continue;
    const forms = ENTRY_TABLES.has(definition.name) ? BOTH_FORMS : [{}];
    for (const config of CONFIGS[definition.name] ?? forms) {
      const processor = await definition.create(testContext(definition, config));
      made.push({ name: `${definition.name} ${JSON.stringify(config)}`, processor });
    }
  }
  return made;
}
