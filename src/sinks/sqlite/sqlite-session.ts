import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { EventType } from "../../events/event-type.ts";
import type { Sqlite, SqliteStatement, SqliteValue } from "../../runtime/sqlite.ts";
import { checkpointOf } from "../sql/checkpoint.ts";
import type { OnConflict, SinkKey, SqlSession } from "../sql/store.ts";
import { quoted } from "../sql/text.ts";
import { addColumnStatement, createTableStatement, insertStatement } from "./sqlite-ddl.ts";

/**
 * Measured: faster than one row a statement by a quarter, and more bring nothing. With as many
 * columns as SQLite allows, 2,000, it is as many values as it takes (sqlite.org/limits.html).
 */
const ROWS_PER_STATEMENT = 16;
/** How long the thread may be kept from its other work. */
const BLOCK_LIMIT_ms = 10;
const ROWS_PER_LOOK_AT_CLOCK = 200;

export type SqliteRowValues = readonly SqliteValue[];

/** What lies in the database of a sink's checkpoint. */
export const CHECKPOINT_TABLES = `
CREATE TABLE IF NOT EXISTS _flowctl_checkpoints (
  namespace TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  sink TEXT NOT NULL,
  source TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  epoch INTEGER NOT NULL DEFAULT 0,
  fingerprint TEXT,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (namespace, pipeline, sink, source)
) STRICT;
CREATE TABLE IF NOT EXISTS _flowctl_outputs (
  namespace TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  sink TEXT NOT NULL,
  event_type TEXT NOT NULL,
  table_name TEXT NOT NULL,
  stale INTEGER NOT NULL,
  PRIMARY KEY (namespace, pipeline, sink, event_type)
) STRICT;`;

const MINE = "namespace = ? AND pipeline = ? AND sink = ?";

/** The statements of a sink's transactions. Only valid inside one. */
export function createSqliteSession(database: Sqlite, key: SinkKey): SqlSession<SqliteRowValues> {
  const mine = [key.namespace, key.pipeline, key.sink];
  const prepared = new Map<string, SqliteStatement>();

  function statement(sql: string): SqliteStatement {
    let found = prepared.get(sql);
    if (!found) prepared.set(sql, found = database.prepare(sql));
    return found;
  }

  async function insert(
    table: string,
    type: EventType,
    rows: Iterable<SqliteRowValues>,
    onConflict: OnConflict,
  ): Promise<void> {
    const one = statement(insertStatement(table, type, 1, onConflict));
    const several = statement(insertStatement(table, type, ROWS_PER_STATEMENT, onConflict));
    const width = type.columns.length * ROWS_PER_STATEMENT;
    let values: SqliteValue[] = [];
    let count = 0;
    let since = performance.now();
    for (const row of rows) {
      for (const value of row) values.push(value);
      if (values.length === width) {
        several.run(...values);
        values = [];
      }
      if (++count % ROWS_PER_LOOK_AT_CLOCK === 0 && performance.now() - since > BLOCK_LIMIT_ms) {
        await yieldToOthers();
        since = performance.now();
      }
    }
    for (let at = 0; at < values.length; at += type.columns.length) {
      one.run(...values.slice(at, at + type.columns.length));
    }
  }

  return {
    async checkpoint() {
      const sql = `SELECT source, sequence, epoch FROM _flowctl_checkpoints WHERE ${MINE}`;
      return checkpointOf(statement(sql).all(...mine));
    },
    async savePositions(positions, _known, epoch) {
      const save = statement(`
        INSERT INTO _flowctl_checkpoints
          (namespace, pipeline, sink, source, sequence, epoch, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, pipeline, sink, source)
        DO UPDATE SET sequence = excluded.sequence, epoch = excluded.epoch,
          updated_at = excluded.updated_at`);
      const now = new Date().toISOString();
      for (const [source, sequence] of positions) save.run(...mine, source, sequence, epoch, now);
    },
    async saveEpoch(epoch) {
      statement(`UPDATE _flowctl_checkpoints SET epoch = ? WHERE ${MINE}`).run(epoch, ...mine);
    },
    async deletePositions() {
      statement(`DELETE FROM _flowctl_checkpoints WHERE ${MINE}`).run(...mine);
    },
    async outputs() {
      const sql = `SELECT event_type, table_name, stale FROM _flowctl_outputs WHERE ${MINE}`;
      return statement(sql).all(...mine).map((row) => ({
        eventType: String(row["event_type"]),
        table: String(row["table_name"]),
        stale: Number(row["stale"]) === 1,
      }));
    },
    async saveOutput({ eventType, table, stale }) {
      statement(`INSERT OR REPLACE INTO _flowctl_outputs VALUES (?, ?, ?, ?, ?, ?)`)
        .run(...mine, eventType, table, stale ? 1 : 0);
    },
    async deleteOutput(eventType) {
      statement(`DELETE FROM _flowctl_outputs WHERE ${MINE} AND event_type = ?`)
        .run(...mine, eventType);
    },
    async sharesTable(table) {
      const sql = `SELECT 1 FROM _flowctl_outputs WHERE table_name = ? AND NOT (${MINE}) LIMIT 1`;
      return statement(sql).get(table, ...mine) !== undefined;
    },
    async columnsOf(table) {
      const columns = database.prepare(
        `SELECT name, "notnull" AS filled, dflt_value, pk FROM pragma_table_xinfo(?)
         WHERE hidden IN (0, 1)`,
      ).all(table);
      if (columns.length === 0) return undefined;
      return columns.map((column) => ({
        name: String(column["name"]),
        required: column["filled"] === 1n && column["dflt_value"] === null,
      }));
    },
    async createTable(table, type) {
      database.exec(createTableStatement(table, type));
    },
    async addColumns(table, columns) {
      for (const column of columns) database.exec(addColumnStatement(table, column));
    },
    async deleteRows(table, { column, from }) {
      const where = column === undefined ? "?" : `${quoted(column)} >= ?`;
      database.prepare(`DELETE FROM ${quoted(table)} WHERE ${where}`)
        .run(column === undefined ? 1 : from);
    },
    insert,
  };
}
