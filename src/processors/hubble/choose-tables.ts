/** Which tables a config asks for, by any of their names. */

import { eventTypeByName } from "../../events/registry.ts";
import type { ProcessorDefinition } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { suggest } from "../../spec/nearest.ts";
import { type HubbleTable, hubbleTables } from "./tables.ts";

/** In the order of all tables; none named: all. Throws `spec/invalid`. */
export function chooseTables(names: readonly string[]): readonly HubbleTable[] {
  if (names.length === 0) return hubbleTables;
  const chosen = new Set(names.map(tableByName));
  return hubbleTables.filter((table) => chosen.has(table));
}

function tableByName(name: string): HubbleTable {
  const plain = plainName(name);
  const table = hubbleTables.find(({ definition }) =>
    namesOf(definition).some((own) => plainName(own) === plain)
  );
  if (table !== undefined) return table;
  const known = hubbleTables.map(({ definition }) => definition.name);
  throw new FlowctlError("spec/invalid", `tables: there is no table ${name}`, {
    hint: suggest(name, known, "tables"),
  });
}

/** Of the processor, of its event type, and of the table as files and databases have it. */
function namesOf({ name, aliases, emits }: ProcessorDefinition): readonly string[] {
  const tables = emits.map((type) => eventTypeByName(type)?.table ?? type);
  return [name, ...aliases, ...emits, ...tables];
}

function plainName(name: string): string {
  return name.trim().toLowerCase().replaceAll("_", "-");
}
