/**
 * The store's tables. Each record is one JSON document beside the columns that are searched by:
 * the model may gain members without a migration.
 */

/** Grows when a table changes in a way that `IF NOT EXISTS` does not cover. */
export const STORE_VERSION = 2;

/** Columns that stores of earlier versions lack. */
export const ADDED_COLUMNS = [
  { table: "flowctl_events", column: "sequence", type: "BIGINT NOT NULL DEFAULT 0" },
  { table: "flowctl_chunks", column: "last", type: "BIGINT NOT NULL DEFAULT 0" },
  { table: "flowctl_chunks", column: "heard", type: "BIGINT NOT NULL DEFAULT 0" },
] as const;

/** Made after the columns are there. */
export const LATER_INDEXES: readonly string[] = [
  `CREATE INDEX IF NOT EXISTS flowctl_events_by_sequence ON flowctl_events (sequence)`,
];

export const TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS flowctl_store (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS flowctl_services (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS flowctl_runs (
    id TEXT PRIMARY KEY NOT NULL, pipeline TEXT NOT NULL, status TEXT NOT NULL,
    started BIGINT NOT NULL, ended BIGINT, body TEXT NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS flowctl_runs_by_start ON flowctl_runs (started)`,
  `CREATE INDEX IF NOT EXISTS flowctl_runs_by_pipeline ON flowctl_runs (pipeline, started)`,
  `CREATE TABLE IF NOT EXISTS flowctl_chunks (
    id TEXT PRIMARY KEY NOT NULL, run TEXT NOT NULL, component TEXT NOT NULL, status TEXT NOT NULL,
    first BIGINT NOT NULL, changed BIGINT NOT NULL, body TEXT NOT NULL,
    last BIGINT NOT NULL DEFAULT 0, heard BIGINT NOT NULL DEFAULT 0)`,
  `CREATE INDEX IF NOT EXISTS flowctl_chunks_by_run ON flowctl_chunks (run, first)`,
  `CREATE TABLE IF NOT EXISTS flowctl_events (
    id TEXT PRIMARY KEY NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, pipeline TEXT NOT NULL,
    body TEXT NOT NULL, sequence BIGINT NOT NULL DEFAULT 0)`,
  `CREATE INDEX IF NOT EXISTS flowctl_events_by_time ON flowctl_events (at)`,
  `CREATE TABLE IF NOT EXISTS flowctl_pipelines (
    id TEXT PRIMARY KEY NOT NULL, revision BIGINT NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS flowctl_agents (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS flowctl_tokens (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS flowctl_token_uses (id TEXT PRIMARY KEY NOT NULL, at BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS flowctl_audit (at BIGINT NOT NULL, body TEXT NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS flowctl_audit_by_time ON flowctl_audit (at)`,
  `CREATE TABLE IF NOT EXISTS flowctl_leases (
    name TEXT PRIMARY KEY NOT NULL, holder TEXT NOT NULL, until BIGINT NOT NULL)`,
];
