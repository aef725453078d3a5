import type { EventType } from "../../events/event-type.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { fillTable } from "../table-template.ts";

/** Names of tables in which sinks keep their checkpoints begin with this. */
const OWN_TABLE_PREFIX = "_flowctl_";

/**
 * Names the table of each event type; two types never share one. The function that it returns
 * throws `sink/schema-mismatch` when another event type has the table already, and what `check`
 * throws for a name that the database cannot have.
 */
export function createTableNames(
  template: string,
  check: (table: string) => void,
): (type: EventType) => string {
  const ownerOf = new Map<string, string>();
  return (type) => {
    const table = fillTable(template, type.table);
    const owner = ownerOf.get(table);
    if (owner === type.name) return table;
    if (owner !== undefined) throw shared(table, owner, type.name);
    if (table.startsWith(OWN_TABLE_PREFIX)) throw reserved(table);
    check(table);
    ownerOf.set(table, type.name);
    return table;
  };
}

function shared(table: string, one: string, other: string): FlowctlError {
  return new FlowctlError(
    "sink/schema-mismatch",
    `events of type ${one} and of type ${other} would both go into table ${table}`,
    { hint: `Put "{table}" into this sink's table, or give each event type a sink.` },
  );
}

function reserved(table: string): FlowctlError {
  return new FlowctlError(
    "spec/invalid",
    `table ${table}: names that begin with ${OWN_TABLE_PREFIX} are flowctl's own`,
    { hint: "Choose another table." },
  );
}
