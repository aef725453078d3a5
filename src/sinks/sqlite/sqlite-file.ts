/**
 * A database file that several sinks of this process and other processes write to. SQLite has one
 * writer at a time and is synchronous, so waiting inside it would stop the thread that has the
 * lock: sinks of this process queue up here, and another process's lock is polled for.
 */

import { mkdirSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FlowctlError } from "../../spec/errors.ts";
import type { Sqlite } from "../../runtime/sqlite.ts";
import { openSqlite, sqliteFailure } from "../../runtime/sqlite.ts";
import type { Mutex } from "../sql/mutex.ts";
import { createMutex } from "../sql/mutex.ts";
import type { SqliteLog } from "./sqlite-log.ts";
import { createSqliteLog } from "./sqlite-log.ts";

const POLL_ms = 20;

/**
 * For pages that a transaction has changed. The index of event ids changes all over: with SQLite's
 * default of 2 MB, pages of a ledger with many rows go to the disk several times before it ends.
 */
const CACHE_bytes = 16 * 1024 * 1024;

/**
 * Of a database that is made here; one that exists keeps its own. A commit writes and sums up page
 * by page: measured, with SQLite's default of 4,096 it takes twice as long.
 */
const PAGE_bytes = 16 * 1024;

/** By real path; an entry is as good as nothing in size, so none is ever dropped. */
const mutexes = new Map<string, Mutex>();

function mutexOf(path: string): Mutex {
  let mutex = mutexes.get(path);
  if (!mutex) mutexes.set(path, mutex = createMutex());
  return mutex;
}

export interface SqliteFileOptions {
  readonly busy_timeout_ms: number;
  readonly signal: AbortSignal;
}

export interface SqliteFile {
  readonly database: Sqlite;
  /** Runs `body` in a write transaction of its own; it may await. */
  transaction<T>(body: () => Promise<T>): Promise<T>;
  close(): void;
}

export async function openSqliteFile(
  path: string,
  options: SqliteFileOptions,
): Promise<SqliteFile> {
  mkdirSync(dirname(path), { recursive: true });
  const database = openSqlite(path, { busy_timeout_ms: 0, bigints: true });

  /** Tries until the lock is free. */
  async function whenFree(action: () => void): Promise<void> {
    const deadline = performance.now() + options.busy_timeout_ms;
    for (;;) {
      try {
        return action();
      } catch (error) {
        if (sqliteFailure(error) !== "busy" || performance.now() > deadline) throw error;
      }
      if (options.signal.aborted) throw new FlowctlError("flow/interrupted", "interrupted");
      await sleep(POLL_ms);
    }
  }

  const queue = mutexOf(realpathSync(path));
  let log: SqliteLog;
  try {
    database.exec(`PRAGMA page_size = ${PAGE_bytes}`);
    // A statement with several rows keeps what its pages were, should it fail; by default in a file.
    database.exec("PRAGMA temp_store = MEMORY");
    // A commit is on the disk when it returns (FULL), and readers are never in the way (WAL).
    await queue(() => whenFree(() => database.exec("PRAGMA journal_mode = WAL")));
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA cache_size = -${CACHE_bytes / 1024}`);
    log = createSqliteLog(database, queue);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    database,
    transaction: (body) =>
      queue(async () => {
        await whenFree(() => database.exec("BEGIN IMMEDIATE"));
        try {
          const result = await body();
          database.exec("COMMIT");
          log.grew();
          return result;
        } catch (error) {
          rollback(database);
          throw error;
        }
      }),
    close() {
      log.close();
      database.close();
    },
  };
}

function rollback(database: Sqlite): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself (disk full, I/O error): there is no transaction any more.
  }
}
