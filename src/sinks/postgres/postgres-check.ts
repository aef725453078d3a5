import type { CheckResult } from "../../flow/component.ts";
import { quoted } from "../sql/text.ts";
import type { ConnectOptions, PgConnection } from "./connection.ts";
import { connectPostgres } from "./connection.ts";
import type { ConnectionSettings } from "./connection-string.ts";
import { explainPostgresError, nameOf } from "./postgres-error.ts";

export interface PostgresCheckOptions extends ConnectOptions {
  readonly schema: string | undefined;
  /** Tables that are written to, where they exist already. */
  readonly tables: readonly string[];
}

/** Connects and looks at the privileges that the sink needs; writes nothing. */
export async function checkPostgres(
  settings: ConnectionSettings,
  options: PostgresCheckOptions,
): Promise<CheckResult> {
  const target = `PostgreSQL ${nameOf(settings)}`;
  let connection: PgConnection | undefined;
  try {
    connection = await connectPostgres(settings, options);
    return { target, ...await privileges(connection, options) };
  } catch (error) {
    const scope = { tables: [], ledgers: undefined };
    const { message, hint } = explainPostgresError(error, settings, scope);
    return { target, status: "failed", detail: message, ...(hint ? { hint } : {}) };
  } finally {
    await connection?.close();
  }
}

async function privileges(
  connection: PgConnection,
  { schema, tables }: PostgresCheckOptions,
): Promise<Omit<CheckResult, "target">> {
  const [row = {}] = await connection.query(
    `SELECT current_setting('server_version') AS version, name,
       has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
       has_database_privilege(current_database(), 'CREATE') AS make_schema,
       EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = name) AS there,
       CASE WHEN EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = name)
         THEN has_schema_privilege(name, 'CREATE') AND has_schema_privilege(name, 'USAGE')
       END AS make_table,
       pg_is_in_recovery() AS standby
     FROM (SELECT coalesce(nullif($1, ''), current_schema()::text) AS name) AS wanted`,
    [schema ?? ""],
  );
  const missing = [
    row["standby"] === true ? "a primary server (this one is a standby)" : "",
    row["temporary"] === true ? "" : "TEMPORARY on the database",
    row["there"] === true || row["make_schema"] === true
      ? ""
      : `schema ${String(row["name"])}, or CREATE on the database to make it`,
    row["there"] === true && row["make_table"] !== true
      ? `CREATE and USAGE on schema ${String(row["name"])}`
      : "",
    ...await missingOnTables(connection, String(row["name"]), tables),
  ].filter((text) => text !== "");
  if (missing.length === 0) {
    return { status: "ok", detail: `PostgreSQL ${String(row["version"])}` };
  }
  return {
    status: "failed",
    detail: `missing: ${missing.join("; ")}`,
    hint: "Have the database's owner grant it.",
  };
}

async function missingOnTables(
  connection: PgConnection,
  schema: string,
  tables: readonly string[],
): Promise<string[]> {
  const missing: string[] = [];
  for (const table of tables) {
    const [row = {}] = await connection.query(
      `SELECT has_table_privilege(t, 'SELECT') AND has_table_privilege(t, 'INSERT')
         AND has_table_privilege(t, 'UPDATE') AS enough FROM to_regclass($1) AS t`,
      [`${quoted(schema)}.${quoted(table)}`],
    );
    if (row["enough"] === false) missing.push(`SELECT, INSERT and UPDATE on table ${table}`);
  }
  return missing;
}
