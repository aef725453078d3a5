/** Tables of event types, as SQLite declares them. */

import type { Column, ColumnType, EventType } from "../../events/event-type.ts";
import { quoted } from "../sql/text.ts";

/** Types of a STRICT table (sqlite.org/stricttables.html), which converts nothing in silence. */
const TYPES: Readonly<Record<ColumnType, string>> = {
  string: "TEXT",
  int32: "INTEGER",
  int64: "INTEGER",
  uint64: "ANY",
  double: "REAL",
  decimal: "TEXT",
  boolean: "INTEGER",
  timestamp: "TEXT",
  bytes: "BLOB",
  strings: "TEXT",
  json: "TEXT",
};

function columnDdl(column: Column): string {
  return `${quoted(column.name)} ${TYPES[column.type]}`;
}

export function createTableStatement(table: string, type: EventType): string {
  const columns = type.columns.map((column) => {
    const key = column.name === type.id ? " PRIMARY KEY" : "";
    return `  ${columnDdl(column)}${column.nullable ? "" : " NOT NULL"}${key}`;
  });
  return `CREATE TABLE ${quoted(table)} (\n${columns.join(",\n")}\n) STRICT;`;
}

/** The column takes NULL, because the rows that are there have no value for it. */
export function addColumnStatement(table: string, column: Column): string {
  return `ALTER TABLE ${quoted(table)} ADD COLUMN ${columnDdl(column)};`;
}

/** An upsert of `rows` rows at once. */
export function insertStatement(
  table: string,
  type: EventType,
  rows: number,
  onConflict: "update" | "ignore",
): string {
  const names = type.columns.map((column) => quoted(column.name));
  const id = quoted(type.id);
  const row = `(${names.map(() => "?").join(",")})`;
  const set = names.filter((name) => name !== id).map((name) => `${name}=excluded.${name}`);
  const action = onConflict === "update" && set.length > 0
    ? `UPDATE SET ${set.join(",")}`
    : "NOTHING";
  return `INSERT INTO ${quoted(table)} (${names.join(",")}) ` +
    `VALUES ${Array(rows).fill(row).join(",")} ON CONFLICT (${id}) DO ${action}`;
}
