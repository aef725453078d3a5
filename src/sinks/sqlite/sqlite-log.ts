/**
 * The write-ahead log of a database file, into which commits write (sqlite.org/wal.html). By
 * default a commit that finds it long also copies it into the database: a ledger's rows would then
 * be committed later by half as long again. Here that waits until no commit comes for a moment.
 */

import type { Sqlite } from "../../runtime/sqlite.ts";
import type { Mutex } from "../sql/mutex.ts";

/** When no commit came for this long, the log may be copied into the database. */
export const LOG_IDLE_ms = 50;

/**
 * It is copied then when the database has grown by so much: that takes two writes to the disk that
 * are waited for, and one more in the commit that begins the log anew.
 */
export const LOG_WORTH_bytes = 16 * 1024 * 1024;

/** Commits that follow each other more closely copy it once it is so long. */
export const LOG_LIMIT_bytes = 32 * 1024 * 1024;

export interface SqliteLog {
  /** To be called after each commit. */
  grew(): void;
  /** What the log still has is copied when the last connection to the database is closed. */
  close(): void;
}

/** `queue`: where transactions of this process on the same file wait for their turn. */
export function createSqliteLog(database: Sqlite, queue: Mutex): SqliteLog {
  const page_bytes = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
  database.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(LOG_LIMIT_bytes / page_bytes)}`);
  const count = database.prepare("PRAGMA page_count");
  const size_bytes = () => Number(count.get()?.["page_count"]) * page_bytes;
  let copied_bytes = size_bytes();
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes what no reader needs. A failure is no loss: a later commit, or closing, tries again. */
  function copy(): void {
    timer = undefined;
    queue(async () => {
      const now_bytes = size_bytes();
      if (timer !== undefined || now_bytes - copied_bytes < LOG_WORTH_bytes) return;
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      copied_bytes = now_bytes;
    }).catch(() => undefined);
  }

  return {
    grew() {
      clearTimeout(timer);
      timer = setTimeout(copy, LOG_IDLE_ms);
      // It keeps no process alive that has nothing else to do.
      timer.unref();
    },
    close: () => clearTimeout(timer),
  };
}
