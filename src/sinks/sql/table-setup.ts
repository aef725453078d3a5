/** Makes the table of an event type fit to take its rows. */

import type { Column, EventType } from "../../events/event-type.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { SqlSession } from "./store.ts";

export interface TableSetupOptions {
  readonly autoMigrate: boolean;
  readonly addColumnStatement: (table: string, column: Column) => string;
}

/**
 * Creates the table, or looks whether the one that is there has the columns of the event type.
 * Columns of the user's own stay, as long as a row can be inserted without them.
 * Throws `sink/schema-mismatch` with what to run.
 */
export async function setUpTable<R>(
  session: SqlSession<R>,
  table: string,
  type: EventType,
  options: TableSetupOptions,
): Promise<void> {
  const existing = await session.columnsOf(table);
  if (existing === undefined) return await session.createTable(table, type);
  const names = new Set(existing.map((column) => column.name));
  const missing = type.columns.filter((column) => !names.has(column.name));
  if (missing.some((column) => column.name === type.id)) throw noId(table, type);
  if (missing.length > 0) {
    if (!options.autoMigrate) throw missingColumns(table, type, missing, options);
    await session.addColumns(table, missing);
  }
  const ours = new Set(type.columns.map((column) => column.name));
  const unfilled = existing.filter((column) => column.required && !ours.has(column.name));
  if (unfilled.length > 0) throw unfilledColumns(table, type, unfilled.map(({ name }) => name));
}

function noId(table: string, type: EventType): FlowctlError {
  return new FlowctlError(
    "sink/schema-mismatch",
    `table ${table} has no column ${type.id}, by which events of type ${type.name} are told apart`,
    { hint: "Choose another table: flowctl creates it." },
  );
}

function missingColumns(
  table: string,
  type: EventType,
  missing: readonly Column[],
  options: TableSetupOptions,
): FlowctlError {
  const statements = missing.map((column) => options.addColumnStatement(table, column)).join(" ");
  const names = missing.map((column) => column.name).join(", ");
  return new FlowctlError(
    "sink/schema-mismatch",
    `table ${table} lacks columns of event type ${type.name}: ${names}`,
    { hint: `Run: ${statements} Or set auto_migrate: true in this sink's config.` },
  );
}

function unfilledColumns(
  table: string,
  type: EventType,
  names: readonly string[],
): FlowctlError {
  return new FlowctlError(
    "sink/schema-mismatch",
    `table ${table} demands values that events of type ${type.name} do not have: ${
      names.join(", ")
    }`,
    { hint: "Give these columns a default, or let them be NULL." },
  );
}
