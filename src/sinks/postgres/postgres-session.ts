import type { EventType } from "../../events/event-type.ts";
import { checkpointOf } from "../sql/checkpoint.ts";
import type { OnConflict, SinkKey, SqlSession } from "../sql/store.ts";
import { quoted } from "../sql/text.ts";
import type { PgConnection } from "./connection.ts";
import {
  addColumnStatement,
  copyStatement,
  createStageStatement,
  createTableStatements,
  upsertStatement,
} from "./postgres-ddl.ts";

/** Size of the pieces in which rows go to the server. */
const CHUNK_chars = 128 * 1024;

/** Serialises what creates tables: two CREATE TABLE IF NOT EXISTS at once can fail. */
export const DDL_LOCK = "SELECT pg_advisory_xact_lock(7023051472)";

/** What lies in the database of a sink's checkpoint; `schema` is quoted already. */
export function checkpointTables(schema: string): string {
  return `
CREATE TABLE IF NOT EXISTS ${schema}._flowctl_checkpoints (
  namespace TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  sink TEXT NOT NULL,
  source TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  epoch BIGINT NOT NULL DEFAULT 0,
  fingerprint TEXT,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace, pipeline, sink, source)
);
CREATE TABLE IF NOT EXISTS ${schema}._flowctl_outputs (
  namespace TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  sink TEXT NOT NULL,
  event_type TEXT NOT NULL,
  table_name TEXT NOT NULL,
  stale BOOLEAN NOT NULL,
  PRIMARY KEY (namespace, pipeline, sink, event_type)
);`;
}

const MINE = "namespace = $1 AND pipeline = $2 AND sink = $3";

/** A connection with the staging tables that it has. */
export interface StagedConnection {
  readonly connection: PgConnection;
  /** Name of the staging table by the statement that made it. */
  readonly stages: Map<string, string>;
}

/** The statements of a sink's transactions. Only valid inside one. */
export function createPostgresSession(
  { connection, stages }: StagedConnection,
  schemaName: string,
  key: SinkKey,
): SqlSession<string> {
  const mine = [key.namespace, key.pipeline, key.sink];
  const schema = quoted(schemaName);
  const inSchema = (table: string) => `${schema}.${quoted(table)}`;
  const query = (statement: string, ...values: readonly string[]) =>
    connection.query(statement, values);
  const usedStages = new Set<string>();

  async function emptyStage(type: EventType): Promise<string> {
    const columns = createStageStatement("", type);
    let stage = stages.get(columns);
    if (stage === undefined) {
      stage = `pg_temp._flowctl_stage_${stages.size + 1}`;
      await query(createStageStatement(stage, type));
      stages.set(columns, stage);
    } else if (usedStages.has(stage)) {
      await query(`TRUNCATE ${stage}`);
    }
    usedStages.add(stage);
    return stage;
  }

  async function columnsOf(table: string) {
    const columns = await query(
      `SELECT attname AS name, attnotnull AND NOT atthasdef AND attidentity = '' AS required
       FROM pg_catalog.pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      inSchema(table),
    );
    if (columns.length === 0) return undefined;
    return columns.map((column) => ({
      name: String(column["name"]),
      required: column["required"] === true,
    }));
  }

  return {
    async checkpoint() {
      return checkpointOf(
        await query(
          `SELECT source, sequence, epoch FROM ${schema}._flowctl_checkpoints
           WHERE ${MINE} FOR UPDATE`,
          ...mine,
        ),
      );
    },
    async savePositions(positions, known, epoch) {
      const insert = `INSERT INTO ${schema}._flowctl_checkpoints
        (namespace, pipeline, sink, source, sequence, epoch)
        VALUES ($1, $2, $3, $4, $5::text::bigint, $6::text::bigint)`;
      const update = `UPDATE ${schema}._flowctl_checkpoints
        SET sequence = $5::text::bigint, epoch = $6::text::bigint, updated_at = now()
        WHERE ${MINE} AND source = $4`;
      for (const [source, sequence] of positions) {
        const statement = known.has(source) ? update : insert;
        await query(statement, ...mine, source, String(sequence), String(epoch));
      }
    },
    async saveEpoch(epoch) {
      const statement = `UPDATE ${schema}._flowctl_checkpoints SET epoch = $4::text::bigint
        WHERE ${MINE}`;
      await query(statement, ...mine, String(epoch));
    },
    async deletePositions() {
      await query(`DELETE FROM ${schema}._flowctl_checkpoints WHERE ${MINE}`, ...mine);
    },
    async outputs() {
      const rows = await query(
        `SELECT event_type, table_name, stale FROM ${schema}._flowctl_outputs WHERE ${MINE}`,
        ...mine,
      );
      return rows.map((row) => ({
        eventType: String(row["event_type"]),
        table: String(row["table_name"]),
        stale: row["stale"] === true,
      }));
    },
    async saveOutput({ eventType, table, stale }) {
      await query(
        `INSERT INTO ${schema}._flowctl_outputs VALUES ($1, $2, $3, $4, $5, $6::text::boolean)
         ON CONFLICT (namespace, pipeline, sink, event_type)
         DO UPDATE SET table_name = excluded.table_name, stale = excluded.stale`,
        ...[...mine, eventType, table, String(stale)],
      );
    },
    async deleteOutput(eventType) {
      const statement = `DELETE FROM ${schema}._flowctl_outputs WHERE ${MINE} AND event_type = $4`;
      await query(statement, ...mine, eventType);
    },
    async sharesTable(table) {
      const rows = await query(
        `SELECT 1 FROM ${schema}._flowctl_outputs WHERE table_name = $4 AND NOT (${MINE}) LIMIT 1`,
        ...[...mine, table],
      );
      return rows.length > 0;
    },
    columnsOf,
    async createTable(table, type) {
      await query(DDL_LOCK);
      // Another sink may have made it while this one waited.
      if (await columnsOf(table)) return;
      await query(createTableStatements(inSchema(table), type));
    },
    async addColumns(table, columns) {
      for (const column of columns) await query(addColumnStatement(inSchema(table), column));
    },
    async deleteRows(table, { column, from }) {
      const where = column === undefined ? "" : ` WHERE ${quoted(column)} >= ${Math.trunc(from)}`;
      await query(`DELETE FROM ${inSchema(table)}${where}`);
    },
    async insert(table, type, rows: Iterable<string>, onConflict: OnConflict) {
      const stage = await emptyStage(type);
      await connection.copyIn(copyStatement(stage, type), chunksOf(rows));
      await query(upsertStatement(inSchema(table), stage, type, onConflict));
    },
  };
}

function* chunksOf(lines: Iterable<string>): Iterable<string> {
  let chunk = "";
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_chars) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
