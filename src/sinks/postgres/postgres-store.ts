import { Buffer } from "node:buffer";
import type { SinkContext } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { sinkKey } from "../sql/sql-sink.ts";
import type { SqlStore } from "../sql/store.ts";
import { quoted } from "../sql/text.ts";
import type { ConnectOptions, PgConnection } from "./connection.ts";
import { connectPostgres } from "./connection.ts";
import type { ConnectionSettings } from "./connection-string.ts";
import { copyEncoder } from "./copy-text.ts";
import { addColumnStatement } from "./postgres-ddl.ts";
import { explainPostgresError } from "./postgres-error.ts";
import type { StagedConnection } from "./postgres-session.ts";
import { checkpointTables, createPostgresSession, DDL_LOCK } from "./postgres-session.ts";

/** Longer names are cut off by the server in silence (manual, section 4.1.1). */
const NAME_LIMIT_bytes = 63;

export interface PostgresStoreOptions extends ConnectOptions {
  /** Undefined: the first schema of the search path. */
  readonly schema: string | undefined;
}

export function createPostgresStore(
  settings: ConnectionSettings,
  options: PostgresStoreOptions,
  context: SinkContext,
): SqlStore<string> {
  const key = sinkKey(context);
  let staged: StagedConnection | undefined;
  let schema = options.schema ?? "";

  async function connected(): Promise<StagedConnection> {
    // Lost between two transactions: nothing was under way that could be in doubt.
    if (staged?.connection.lost === true) await discard();
    staged ??= { connection: await connectPostgres(settings, options), stages: new Map() };
    return staged;
  }

  /** After a failure nothing is known of the connection: the next attempt gets a new one. */
  async function discard(): Promise<void> {
    const old = staged;
    staged = undefined;
    await old?.connection.close();
  }

  async function inTransaction<T>(body: (on: StagedConnection) => Promise<T>): Promise<T> {
    const on = await connected();
    try {
      await on.connection.query("BEGIN");
      const result = await body(on);
      await on.connection.commitTransaction();
      return result;
    } catch (error) {
      await discard();
      throw error;
    }
  }

  return {
    async open() {
      await discard();
      await inTransaction(async ({ connection }) => {
        schema = await prepareSchema(connection, options.schema);
        if (!context.persistent) return;
        const [found] = await connection.query("SELECT to_regclass($1) AS name", [
          `${quoted(schema)}._flowctl_outputs`,
        ]);
        if (found?.["name"]) return;
        await connection.query(DDL_LOCK);
        await connection.query(checkpointTables(quoted(schema)));
      });
    },
    encoder: copyEncoder,
    idsOnce: true,
    checkTableName,
    addColumnStatement: (table, column) =>
      addColumnStatement(`${quoted(schema)}.${quoted(table)}`, column),
    transaction: (body) => inTransaction((on) => body(createPostgresSession(on, schema, key))),
    explain: (error, scope) => explainPostgresError(error, settings, scope),
    close: discard,
  };
}

/** The schema to write to; one that the config names is created when it is missing. */
async function prepareSchema(
  connection: PgConnection,
  wanted: string | undefined,
): Promise<string> {
  if (wanted !== undefined) {
    const found = await connection.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [wanted]);
    if (found.length > 0) return wanted;
    await connection.query(DDL_LOCK);
    await connection.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(wanted)}`);
    return wanted;
  }
  const [row] = await connection.query("SELECT current_schema() AS name");
  const name = row?.["name"];
  if (typeof name === "string") return name;
  throw new FlowctlError("sink/rejected", "no schema of the search path exists in the database", {
    hint: "Set schema_name in the sink's config.",
  });
}

function checkTableName(table: string): void {
  if (table !== "" && !table.includes("\0") && Buffer.byteLength(table) <= NAME_LIMIT_bytes) return;
  throw new FlowctlError("spec/invalid", `PostgreSQL cannot have a table named "${table}"`, {
    hint: `A name has 1 to ${NAME_LIMIT_bytes} bytes.`,
  });
}
