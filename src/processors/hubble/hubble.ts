import { parse } from "valibot";
import { ledgerEvent } from "../../events/ledger.ts";
import type { ComponentContext, Processor, ProcessorDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/hubble.ts";
import type { Config } from "../../gen/config/hubble.ts";
import { configOf } from "../../flow/component-config.ts";
import { chooseTables } from "./choose-tables.ts";
import { joinProcessors } from "./processor.ts";
import { type HubbleTable, hubbleTables } from "./tables.ts";

export async function createHubble(config: Config, context: ComponentContext): Promise<Processor> {
  const parts = new Map<string, Processor>();
  for (const table of chooseTables(config.tables)) {
    const spec = { ...context.spec, config: tableConfig(table, config) };
    parts.set(table.definition.name, await table.definition.create({ ...context, spec }));
  }
  return joinProcessors(parts);
}

function tableConfig(table: HubbleTable, config: Config): Record<string, unknown> {
  const { changes, network_passphrase, on_unknown } = config;
  const raw = {
    ...table.config,
    ...(table.ofEntries === true ? { changes } : {}),
    ...(network_passphrase === undefined ? {} : { network_passphrase }),
    ...(on_unknown === undefined ? {} : { on_unknown }),
  };
  return parse(table.definition.configSchema, raw) as Record<string, unknown>;
}

/** All of them where the config names none, or one that does not exist. */
function tablesOf({ tables }: Readonly<Record<string, unknown>>): readonly HubbleTable[] {
  try {
    return chooseTables((tables ?? []) as string[]);
  } catch {
    return hubbleTables;
  }
}

function isKept({ definition }: HubbleTable): boolean {
  return definition.holdsState === "local";
}

export const hubble: ProcessorDefinition = {
  name: "hubble",
  role: "processor",
  aliases: ["stellar-etl", "hubble-tables"],
  summary: "Any set of Hubble's tables from one reading of each ledger.",
  configSchema,
  configJsonSchema,
  configAliases: { network: "network_passphrase", exports: "tables" },
  accepts: [ledgerEvent.name],
  emits: hubbleTables.flatMap(({ definition }) => definition.emits),
  holdsState: (config) => tablesOf(config).some(isKept) ? "local" : "none",
  localState: "the assets that it has seen",
  example: `id: tables
type: hubble
inputs: [lake]
config:
  tables: [transactions, accounts, trustlines]
`,
  create: (context) => createHubble(configOf<Config>(context), context),
  checkConfig(config): Promise<void> {
    return Promise.resolve().then(() => {
      chooseTables((config as unknown as Config).tables);
    });
  },
};
