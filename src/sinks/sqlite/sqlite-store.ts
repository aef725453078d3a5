import type { SinkContext } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { sinkKey } from "../sql/sql-sink.ts";
import type { SqlStore } from "../sql/store.ts";
import { addColumnStatement } from "./sqlite-ddl.ts";
import { explainSqliteError } from "./sqlite-error.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import type { SqliteRowValues } from "./sqlite-session.ts";
import { CHECKPOINT_TABLES, createSqliteSession } from "./sqlite-session.ts";
import { sqliteEncoder } from "./sqlite-values.ts";

export interface SqliteStoreOptions {
  readonly path: string;
  readonly busy_timeout_ms: number;
}

export function createSqliteStore(
  options: SqliteStoreOptions,
  context: SinkContext,
): SqlStore<SqliteRowValues> {
  const { path } = options;
  let file: SqliteFile | undefined;

  function opened(): SqliteFile {
    if (file === undefined) throw new FlowctlError("flow/internal", `${path} is not open`);
    return file;
  }

  return {
    async open() {
      file?.close();
      file = await openSqliteFile(path, {
        busy_timeout_ms: options.busy_timeout_ms,
        signal: context.signal,
      });
      const { database } = file;
      if (context.persistent) await file.transaction(async () => database.exec(CHECKPOINT_TABLES));
    },
    encoder: sqliteEncoder,
    idsOnce: false,
    checkTableName(table) {
      if (table !== "" && !table.toLowerCase().startsWith("sqlite_") && !table.includes("\0")) {
        return;
      }
      throw new FlowctlError("spec/invalid", `SQLite cannot have a table named "${table}"`, {
        hint: "Choose a name that is not empty and does not begin with sqlite_.",
      });
    },
    addColumnStatement,
    async transaction(body) {
      const { database, transaction } = opened();
      const session = createSqliteSession(database, sinkKey(context));
      return await transaction(() => body(session));
    },
    explain: (error, scope) => explainSqliteError(error, path, scope),
    async close() {
      file?.close();
      file = undefined;
    },
  };
}
