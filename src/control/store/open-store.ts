import { join } from "node:path";
import { openPostgresSql } from "./postgres-sql.ts";
import { openSqlStore } from "./sql-store.ts";
import { openSqliteSql } from "./sqlite-sql.ts";
import type { ControlStore } from "./store.ts";

/**
 * `memory`, `postgres://…` (or `postgresql://…`), `sqlite:PATH`, or undefined for
 * `<dataDir>/control.db`.
 */
export function openStore(store: string | undefined, dataDir: string): Promise<ControlStore> {
  if (store === "memory") return openSqlStore(openSqliteSql(":memory:"));
  if (store !== undefined && /^postgres(ql)?:\/\//.test(store)) {
    return openSqlStore(openPostgresSql(store));
  }
  const path = store?.replace(/^sqlite:(\/\/)?/, "") ?? join(dataDir, "control.db");
  return openSqlStore(openSqliteSql(path));
}
