/** Tables of event types, as PostgreSQL declares them. */

import type { Column, ColumnType, EventType } from "../../events/event-type.ts";
import type { OnConflict } from "../sql/store.ts";
import { literal, quoted } from "../sql/text.ts";

const TYPES: Readonly<Record<ColumnType, string>> = {
  string: "TEXT",
  int32: "INTEGER",
  int64: "BIGINT",
  uint64: "NUMERIC(20,0)",
  double: "DOUBLE PRECISION",
  // Without a precision: 128-bit token amounts have up to 39 digits.
  decimal: "NUMERIC",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  bytes: "BYTEA",
  strings: "TEXT[]",
  json: "JSONB",
};

function columnDdl(column: Column): string {
  return `${quoted(column.name)} ${TYPES[column.type]}`;
}

/** The table with its comments; `table` is quoted already. */
export function createTableStatements(table: string, type: EventType): string {
  const columns = type.columns.map((column) =>
    `  ${columnDdl(column)}${column.nullable ? "" : " NOT NULL"}`
  );
  const key = `  PRIMARY KEY (${quoted(type.id)})`;
  const comments = type.columns.map(({ name, doc }) =>
    `COMMENT ON COLUMN ${table}.${quoted(name)} IS ${literal(doc)};`
  );
  return [
    `CREATE TABLE ${table} (\n${[...columns, key].join(",\n")}\n);`,
    `COMMENT ON TABLE ${table} IS ${literal(type.doc)};`,
    ...comments,
  ].join("\n");
}

/** The column takes NULL, because the rows that are there have no value for it. */
export function addColumnStatement(table: string, column: Column): string {
  return `ALTER TABLE ${table} ADD COLUMN ${columnDdl(column)};`;
}

/** The table into which rows are copied before the upsert; empty again after each commit. */
export function createStageStatement(stage: string, type: EventType): string {
  const columns = type.columns.map(columnDdl).join(", ");
  return `CREATE TEMPORARY TABLE ${stage} (${columns}) ON COMMIT DELETE ROWS`;
}

export function copyStatement(stage: string, type: EventType): string {
  return `COPY ${stage} (${columnList(type)}) FROM STDIN`;
}

export function upsertStatement(
  table: string,
  stage: string,
  type: EventType,
  onConflict: OnConflict,
): string {
  const names = type.columns.map((column) => column.name).filter((name) => name !== type.id);
  const set = names.map((name) => `${quoted(name)} = excluded.${quoted(name)}`);
  const action = onConflict === "update" && set.length > 0
    ? `UPDATE SET ${set.join(", ")}`
    : "NOTHING";
  const columns = columnList(type);
  return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stage} ` +
    `ON CONFLICT (${quoted(type.id)}) DO ${action}`;
}

function columnList(type: EventType): string {
  return type.columns.map((column) => quoted(column.name)).join(", ");
}
