/**
 * SQLite through `node:sqlite`, which Bun, Deno and Node (24 or newer) all have but do not agree
 * on in every detail: Deno leaves the result code off the errors of `exec`, so failures are told
 * apart by their text, which comes from SQLite itself and is the same everywhere.
 */

import { DatabaseSync } from "node:sqlite";

export type SqliteValue = null | number | bigint | string | Uint8Array;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

export interface SqliteStatement {
  /** Returns how many rows changed. */
  run(...values: SqliteValue[]): number;
  get(...values: SqliteValue[]): SqliteRow | undefined;
  all(...values: SqliteValue[]): SqliteRow[];
}

export interface Sqlite {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  /** Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when it throws. Not nestable. */
  transaction<T>(body: () => T): T;
  close(): void;
}

export interface SqliteOptions {
  /** How long a statement waits for another process's lock. Default 5,000. */
  readonly busy_timeout_ms?: number;
  /** Read every INTEGER as a bigint; otherwise one beyond 2^53 is an error. Default false. */
  readonly bigints?: boolean;
}

/** Opens or creates a database file; `:memory:` for one that ends with the process. */
export function openSqlite(path: string, options: SqliteOptions = {}): Sqlite {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA busy_timeout = ${options.busy_timeout_ms ?? 5_000}`);

  function transaction<T>(body: () => T): T {
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = body();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      rollback(database);
      throw error;
    }
  }

  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      if (options.bigints === true) statement.setReadBigInts(true);
      return {
        run: (...values) => Number(statement.run(...values).changes),
        get: (...values) => statement.get(...values) as SqliteRow | undefined,
        all: (...values) => statement.all(...values) as SqliteRow[],
      };
    },
    transaction,
    close: () => database.close(),
  };
}

function rollback(database: DatabaseSync): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself (disk full, I/O error): there is no transaction any more.
  }
}

export type SqliteFailure = "busy" | "full" | "foreign" | "damaged" | "read-only" | "other";

const FAILURES: readonly (readonly [text: string, failure: SqliteFailure])[] = [
  ["database is locked", "busy"],
  ["database table is locked", "busy"],
  ["database or disk is full", "full"],
  ["file is not a database", "foreign"],
  ["disk image is malformed", "damaged"],
  ["readonly database", "read-only"],
];

/** What kind of failure a thrown error of this module is. */
export function sqliteFailure(error: unknown): SqliteFailure {
  const text = error instanceof Error ? error.message : String(error);
  return FAILURES.find(([part]) => text.includes(part))?.[1] ?? "other";
}
