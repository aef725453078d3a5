import { randomUUID } from "node:crypto";
import type {
  AgentRecord,
  AuditRecord,
  ChunkRecord,
  ChunkStatus,
  PipelineRecord,
  RunRecord,
  ServiceRecord,
  TokenRecord,
  ToldEvent,
} from "../model.ts";
import { deleteBefore } from "./delete-before.ts";
import { readDocument, writeDocument } from "./document.ts";
import { insertEvents, lastEventSequence, toldEvents } from "./event-rows.ts";
import { prepareTables } from "./prepare-tables.ts";
import type { Sql, SqlRow, SqlValue } from "./sql.ts";
import type { ControlStore } from "./store.ts";

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 1_000;
/** Before the id of a pipeline, in the keys of what the store knows of itself. */
const RELEASED = "released:";
/** Rows a transaction when many are saved: between them heartbeats are answered. */
const SAVE_CHUNK_ROWS = 250;

const limitOf = (limit: number | undefined, byDefault: number = DEFAULT_LIMIT): number =>
  Math.min(
    Math.max(limit !== undefined && limit > 0 ? Math.floor(limit) : byDefault, 1),
    MAX_LIMIT,
  );

const bodies = <T>(rows: readonly SqlRow[]): T[] => rows.map((row) => readDocument<T>(row["body"]));

/** Conditions that are joined by AND, with their values. */
function where(conditions: readonly (readonly [sql: string, value: SqlValue | undefined])[]) {
  const values: SqlValue[] = [];
  const parts: string[] = [];
  for (const [sql, value] of conditions) {
    if (value === undefined || value === "") continue;
    values.push(value);
    parts.push(sql.replace("?", `$${values.length}`));
  }
  return { values, sql: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}` };
}

/** Creates the tables where they are missing. Fails on a store of a later version. */
export async function openSqlStore(sql: Sql): Promise<ControlStore> {
  await prepareTables(sql);
  await sql.query(
    "INSERT INTO flowctl_store (key, value) VALUES ('id', $1) ON CONFLICT DO NOTHING",
    [randomUUID()],
  );
  const [made] = await sql.query("SELECT value FROM flowctl_store WHERE key = 'id'");

  const upsert = (
    table: string,
    columns: Readonly<Record<string, SqlValue>>,
    target: Sql = sql,
  ) => {
    const names = Object.keys(columns);
    const set = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`);
    return target.query(
      `INSERT INTO ${table} (${names.join(", ")}) VALUES (${
        names.map((_, i) => `$${i + 1}`).join(", ")
      })
       ON CONFLICT (id) DO UPDATE SET ${set.join(", ")}`,
      Object.values(columns),
    );
  };
  const inChunks = async <T>(
    items: readonly T[],
    save: (sql: Sql, item: T) => Promise<unknown>,
  ) => {
    for (let at = 0; at < items.length; at += SAVE_CHUNK_ROWS) {
      await sql.transaction(async (inner) => {
        for (const item of items.slice(at, at + SAVE_CHUNK_ROWS)) await save(inner, item);
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const byId = async <T>(table: string, id: string): Promise<T | undefined> =>
    bodies<T>(await sql.query(`SELECT body FROM ${table} WHERE id = $1`, [id]))[0];
  const all = async <T>(table: string): Promise<T[]> =>
    bodies<T>(await sql.query(`SELECT body FROM ${table} ORDER BY id`));

  return {
    id: String(made!["value"]),
    loadServices: () => all<ServiceRecord>("flowctl_services"),
    saveServices: (services) =>
      inChunks(
        services,
        (inner, service) =>
          upsert(
            "flowctl_services",
            { id: service.service_id, body: writeDocument(service) },
            inner,
          ),
      ),
    deleteServices: (ids) =>
      inChunks(ids, (inner, id) => inner.query("DELETE FROM flowctl_services WHERE id = $1", [id])),

    async putRun(run) {
      await upsert("flowctl_runs", {
        id: run.run_id,
        pipeline: run.pipeline_name,
        status: run.status,
        started: run.start_time_ms,
        ended: run.end_time_ms ?? null,
        body: writeDocument(run),
      });
    },
    getRun: (id) => byId<RunRecord>("flowctl_runs", id),
    async listRuns(filter) {
      const { sql: condition, values } = where([
        ["pipeline = ?", filter.pipeline_name],
        ["status = ?", filter.status],
      ]);
      return bodies<RunRecord>(
        await sql.query(
          `SELECT body FROM flowctl_runs ${condition} ORDER BY started DESC, id DESC LIMIT ${
            limitOf(filter.limit)
          }`,
          values,
        ),
      );
    },
    async countRuns() {
      const rows = await sql.query(
        "SELECT status, COUNT(*) AS runs FROM flowctl_runs GROUP BY status",
      );
      return Object.fromEntries(rows.map((row) => [String(row["status"]), Number(row["runs"])]));
    },

    async putChunk(chunk) {
      const changed = chunk.verified_at_ms ?? chunk.completed_at_ms ?? chunk.started_at_ms ??
        Date.now();
      await upsert("flowctl_chunks", {
        id: chunk.chunk_id,
        run: chunk.pipeline_run_id,
        component: chunk.component_id,
        status: chunk.status,
        first: Number(chunk.chunk_start),
        changed,
        body: writeDocument(chunk),
        last: Number(chunk.chunk_end),
        heard: Date.now(),
      });
    },
    getChunk: (id) => byId<ChunkRecord>("flowctl_chunks", id),
    async countChunks(runId) {
      const rows = await sql.query(
        `SELECT status, COUNT(*) AS chunks, MAX(heard) AS heard,
           SUM(CASE WHEN last < first THEN 0 ELSE last - first + 1 END) AS ledgers
         FROM flowctl_chunks WHERE run = $1 GROUP BY status`,
        [runId],
      );
      return rows.map((row) => ({
        status: String(row["status"]) as ChunkStatus,
        chunks: Number(row["chunks"]),
        ledgers: Number(row["ledgers"]),
        heard_at_ms: Number(row["heard"]),
      }));
    },
    async listChunks(filter) {
      const { sql: condition, values } = where([
        ["run = ?", filter.pipeline_run_id],
        ["component = ?", filter.component_id],
        ["status = ?", filter.status],
      ]);
      return bodies<ChunkRecord>(
        await sql.query(
          `SELECT body FROM flowctl_chunks ${condition} ORDER BY run, first, id LIMIT ${
            limitOf(filter.limit, MAX_LIMIT)
          }`,
          values,
        ),
      );
    },

    async addEvents(events) {
      const added: ToldEvent[] = [];
      for (let at = 0; at < events.length; at += SAVE_CHUNK_ROWS) {
        const chunk = events.slice(at, at + SAVE_CHUNK_ROWS);
        added.push(...await sql.transaction((inner) => insertEvents(inner, chunk)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return added;
    },
    lastEventSequence: () => lastEventSequence(sql),
    async listEvents(filter) {
      const prefix = filter.kind?.endsWith(".") === true;
      const { after_sequence } = filter;
      const { sql: condition, values } = where([
        ["pipeline = ?", filter.pipeline],
        [prefix ? "kind LIKE ?" : "kind = ?", prefix ? `${filter.kind}%` : filter.kind],
        ["at >= ?", filter.since_ms],
        ["sequence > ?", after_sequence],
      ]);
      const order = after_sequence === undefined ? "at DESC, id DESC" : "sequence";
      const rows = await sql.query(
        `SELECT body, sequence FROM flowctl_events ${condition} ORDER BY ${order} LIMIT ${
          limitOf(filter.limit, 100)
        }`,
        values,
      );
      return after_sequence === undefined ? toldEvents(rows).reverse() : toldEvents(rows);
    },

    async putPipeline(pipeline, expectedRevision) {
      const body = writeDocument(pipeline);
      const rows = expectedRevision === 0
        ? await sql.query(
          `INSERT INTO flowctl_pipelines (id, revision, body) VALUES ($1, $2, $3)
           ON CONFLICT (id) DO NOTHING RETURNING id`,
          [pipeline.id, pipeline.revision, body],
        )
        : await sql.query(
          `UPDATE flowctl_pipelines SET revision = $2, body = $3
           WHERE id = $1 AND revision = $4 RETURNING id`,
          [pipeline.id, pipeline.revision, body, expectedRevision],
        );
      return rows.length === 1;
    },
    getPipeline: (id) => byId<PipelineRecord>("flowctl_pipelines", id),
    listPipelines: () => all<PipelineRecord>("flowctl_pipelines"),
    async deletePipeline(id) {
      const rows = await sql.query("DELETE FROM flowctl_pipelines WHERE id = $1 RETURNING id", [
        id,
      ]);
      return rows.length === 1;
    },

    async putReleased(pipeline, released) {
      await sql.query(
        released
          ? "INSERT INTO flowctl_store (key, value) VALUES ($1, '') ON CONFLICT DO NOTHING"
          : "DELETE FROM flowctl_store WHERE key = $1",
        [`${RELEASED}${pipeline}`],
      );
    },
    async listReleased() {
      const rows = await sql.query("SELECT key FROM flowctl_store WHERE key LIKE $1", [
        `${RELEASED}%`,
      ]);
      return new Set(rows.map((row) => String(row["key"]).slice(RELEASED.length)));
    },

    async putAgent(agent) {
      await upsert("flowctl_agents", { id: agent.name, body: writeDocument(agent) });
    },
    saveAgents: (agents) =>
      inChunks(
        agents,
        (inner, agent) =>
          upsert("flowctl_agents", { id: agent.name, body: writeDocument(agent) }, inner),
      ),
    listAgents: () => all<AgentRecord>("flowctl_agents"),
    async deleteAgent(name) {
      await sql.query("DELETE FROM flowctl_agents WHERE id = $1", [name]);
    },

    async nextEpoch(floor) {
      const larger = sql.dialect === "postgres" ? "GREATEST" : "MAX";
      const [row] = await sql.query(
        `INSERT INTO flowctl_store (key, value) VALUES ('epoch', CAST($1 AS TEXT))
         ON CONFLICT (key) DO UPDATE SET value =
           CAST(${larger}(CAST(flowctl_store.value AS BIGINT) + 1, CAST(excluded.value AS BIGINT))
             AS TEXT)
         RETURNING value`,
        [String(floor + 1)],
      );
      return Number(row!["value"]);
    },

    async putToken(token) {
      await upsert("flowctl_tokens", { id: token.id, body: writeDocument(token) });
    },
    async listTokens() {
      const rows = await sql.query(
        "SELECT body, at FROM flowctl_tokens LEFT JOIN flowctl_token_uses USING (id)",
      );
      const tokens = rows.map((row): TokenRecord => ({
        ...readDocument<TokenRecord>(row["body"]),
        last_used_at_ms: row["at"] === null ? undefined : Number(row["at"]),
      }));
      return tokens.sort((a, b) => a.created_at_ms - b.created_at_ms);
    },
    async noteTokenUse(id, atMs) {
      await upsert("flowctl_token_uses", { id, at: atMs });
    },

    addAudit: (entries) =>
      inChunks(
        entries,
        (inner, entry) =>
          inner.query("INSERT INTO flowctl_audit (at, body) VALUES ($1, $2)", [
            entry.at_ms,
            writeDocument(entry),
          ]),
      ),
    async listAudit(sinceMs, limit) {
      return bodies<AuditRecord>(
        await sql.query(
          `SELECT body FROM flowctl_audit WHERE at >= $1 ORDER BY at DESC LIMIT ${
            limitOf(limit, 100)
          }`,
          [sinceMs],
        ),
      ).reverse();
    },

    deleteAuditBefore: (timeMs) => deleteBefore(sql, "flowctl_audit", "at", timeMs),
    async deleteHistoryBefore(timeMs) {
      return await deleteBefore(sql, "flowctl_runs", "ended", timeMs) +
        await deleteBefore(sql, "flowctl_chunks", "changed", timeMs) +
        await deleteBefore(sql, "flowctl_events", "at", timeMs);
    },

    async takeLease(name, holder, ttlMs) {
      // The database's own clock decides, so servers whose clocks differ agree.
      const now = sql.dialect === "postgres"
        ? "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        : "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
      const rows = await sql.query(
        `INSERT INTO flowctl_leases (name, holder, until) VALUES ($1, $2, ${now} + $3)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
         WHERE flowctl_leases.holder = excluded.holder OR flowctl_leases.until < ${now}
         RETURNING name`,
        [name, holder, ttlMs],
      );
      return rows.length === 1;
    },
    async releaseLease(name, holder) {
      await sql.query("DELETE FROM flowctl_leases WHERE name = $1 AND holder = $2", [name, holder]);
    },

    close: () => sql.close(),
  };
}
