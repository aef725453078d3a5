import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { openSqlite } from "../../runtime/sqlite.ts";
import type { SqliteStatement } from "../../runtime/sqlite.ts";
import { createTurns } from "../../spec/turns.ts";
import type { Sql, SqlRow, SqlValue } from "./sql.ts";

/** `:memory:` for a store that ends with the process. */
export function openSqliteSql(path: string): Sql {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = openSqlite(path);
  database.exec("PRAGMA journal_mode = WAL");
  // A lost second of history after a power cut is no harm here: everything that runs tells again.
  database.exec("PRAGMA synchronous = NORMAL");
  const statements = new Map<string, SqliteStatement>();

  const prepare = (sql: string): SqliteStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql.replace(/\$(\d+)/g, "?$1"));
      statements.set(sql, statement);
    }
    return statement;
  };
  const query = (sql: string, values: readonly SqlValue[] = []): readonly SqlRow[] =>
    prepare(sql).all(...values);

  // One connection: whatever comes while a transaction is open waits for its end, or it would be
  // part of it and be rolled back with it.
  const inTurn = createTurns();
  const inside: Sql = {
    dialect: "sqlite",
    query: async (sql, values) => await query(sql, values),
    transaction: (body) => body(inside),
    close: () => Promise.reject(new Error("a transaction cannot close its store")),
  };
  const self: Sql = {
    dialect: "sqlite",
    query: (sql, values) => inTurn(() => query(sql, values)),
    transaction: (body) =>
      inTurn(async () => {
        database.exec("BEGIN IMMEDIATE");
        try {
          const result = await body(inside);
          database.exec("COMMIT");
          return result;
        } catch (error) {
          database.exec("ROLLBACK");
          throw error;
        }
      }),
    close: () => inTurn(() => database.close()),
  };
  return self;
}
