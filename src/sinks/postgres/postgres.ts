import type { ComponentContext, SinkContext, SinkDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema, secretKeys } from "../../gen/config/postgres.ts";
import type { Config } from "../../gen/config/postgres.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import { configOf, needed } from "../../flow/component-config.ts";
import { createSqlSink } from "../sql/sql-sink.ts";
import type { ConnectionSettings } from "./connection-string.ts";
import { parseConnectionString } from "./connection-string.ts";
import { foldOldFields } from "./old-config.ts";
import { checkPostgres } from "./postgres-check.ts";
import { createPostgresStore } from "./postgres-store.ts";

/** Tables of a PostgreSQL database, with the checkpoint beside the rows. */
export const postgres: SinkDefinition = {
  name: "postgres",
  role: "sink",
  aliases: [
    "PostgreSQL",
    "postgres-sink",
    "postgresql-sink",
    "PostgresSink",
    "SaveToPostgreSQL",
    "SaveToPostgres",
  ],
  summary: "Writes events to tables of a PostgreSQL database, exactly once.",
  configSchema,
  configJsonSchema,
  configAliases: {
    url: "connection_string",
    dsn: "connection_string",
    database_url: "connection_string",
    table_name: "table",
  },
  rewriteConfig: foldOldFields,
  neededToRun: ["connection_string"],
  secretKeys: [...(secretKeys ?? []), "password"],
  runOnlyKeys: ["connect_timeout", "statement_timeout", "auto_migrate"],
  holdsState: "shared",
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: db
type: postgres
inputs: [transfers]
config:
  connection_string: "\${DATABASE_URL}"
  table: token_transfers
`,
  create(context: SinkContext) {
    const config = configOf<Config>(context);
    const settings = settingsOf(context, config);
    const store = createPostgresStore(settings, {
      schema: config.schema_name,
      connect_timeout_ms: settings.connect_timeout_ms ?? config.connect_timeout,
      statement_timeout_ms: config.statement_timeout,
      signal: context.signal,
    }, context);
    return createSqlSink(store, config, context);
  },
  async check(context: ComponentContext) {
    const config = configOf<Config>(context);
    return [
      await checkPostgres(settingsOf(context, config), {
        schema: config.schema_name,
        // A name that depends on the event type is not known here.
        tables: ["_flowctl_checkpoints", config.table].filter((name) => !name.includes("{")),
        connect_timeout_ms: config.connect_timeout,
        statement_timeout_ms: config.statement_timeout,
        signal: context.signal,
      }),
    ];
  },
};

function settingsOf(context: ComponentContext, config: Config): ConnectionSettings {
  const text = needed(context, "connection_string", config.connection_string);
  return parseConnectionString(text, context.env);
}
