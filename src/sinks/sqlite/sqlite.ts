import type { ComponentContext, SinkContext, SinkDefinition } from "../../flow/component.ts";
import { configJsonSchema, configSchema } from "../../gen/config/sqlite.ts";
import type { Config } from "../../gen/config/sqlite.ts";
import { ANY_EVENT } from "../../spec/declaration.ts";
import { configOf, needed } from "../../flow/component-config.ts";
import { createSqlSink } from "../sql/sql-sink.ts";
import { checkSqlite } from "./sqlite-check.ts";
import { createSqliteStore } from "./sqlite-store.ts";

/** Tables of one SQLite file, with the checkpoint beside the rows. */
export const sqlite: SinkDefinition = {
  name: "sqlite",
  role: "sink",
  aliases: ["sqlite3", "sqlite-sink", "SQLiteSink", "SaveToSQLite"],
  summary: "Writes events to tables of an SQLite file, exactly once.",
  configSchema,
  configJsonSchema,
  configAliases: {
    db_path: "path",
    database_path: "path",
    database: "path",
    file: "path",
    file_path: "path",
    table_name: "table",
  },
  neededToRun: ["path"],
  runOnlyKeys: ["busy_timeout", "auto_migrate"],
  localState: "its database file",
  accepts: [ANY_EVENT],
  emits: [],
  example: `id: local
type: sqlite
inputs: [transfers]
config:
  path: out/flow.db
  table: token_transfers
`,
  create(context: SinkContext) {
    const config = configOf<Config>(context);
    const path = needed(context, "path", config.path);
    const store = createSqliteStore({ path, busy_timeout_ms: config.busy_timeout }, context);
    return createSqlSink(store, config, context);
  },
  async check(context: ComponentContext) {
    const { path } = configOf<Config>(context);
    return path === undefined ? [] : [checkSqlite(path)];
  },
};
