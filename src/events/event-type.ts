/**
 * How an event type is declared: once, here, and everything else (Parquet schema, SQL DDL, CSV
 * header, JSON Schema, docs page, protobuf message) is derived from it.
 */

export const COLUMN_TYPES = [
  "string",
  "int32",
  "int64",
  "uint64",
  "double",
  /** Exact decimal with 7 places, the scale of Stellar amounts. */
  "decimal",
  "boolean",
  "timestamp",
  "bytes",
  /** A list of strings. */
  "strings",
  "json",
] as const;

export type ColumnType = (typeof COLUMN_TYPES)[number];

export interface Column {
  /** Hubble's column name where Hubble has the column. */
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** One sentence: what it holds, its unit. */
  readonly doc: string;
}

export interface EventType {
  /** Canonical name with its version: `stellar.token_transfer.v1`. */
  readonly name: string;
  /** Names under which other programs know it. */
  readonly aliases: readonly string[];
  /** Table name, the default of database sinks and of `{table}` in paths: `token_transfers`. */
  readonly table: string;
  readonly doc: string;
  readonly columns: readonly Column[];
  /** The column that names an event for good: the same event has the same id in any run. */
  readonly id: string;
}

/** Declares an event type; the check runs once, at load. */
export function defineEventType(declaration: EventType): EventType {
  const names = new Set(declaration.columns.map((column) => column.name));
  if (names.size !== declaration.columns.length || !names.has(declaration.id)) {
    throw new Error(`event type ${declaration.name}: columns must be unique and include its id`);
  }
  return declaration;
}
