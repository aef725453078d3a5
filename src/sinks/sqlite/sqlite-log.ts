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
 * It is copied then when the database has grown by so many pages, of 4 KiB: that takes two writes
 * to the disk that are waited for, and one more in the commit that begins the log anew.
 */
export const LOG_WORTH_pages = 4_000;

/** Commits that follow each other more closely copy it once it has so many pages. */
export const LOG_LIMIT_pages = 8_000;

export interface SqliteLog {
  /** To be called after each commit. */
  grew(): void;
  /** What the log still has is copied when the last connection to the database is closed. */
  close(): void;
}

/** `queue`: where transactions of this process on the same file wait for their turn. */
export function createSqliteLog(database: Sqlite, queue: Mutex): SqliteLog {
  database.exec(`PRAGMA wal_autocheckpoint = ${LOG_LIMIT_pages}`);
  const size = database.prepare("PRAGMA page_count");
  const size_pages = () => Number(size.get()?.["page_count"]);
  let copied_pages = size_pages();
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes what no reader needs. A failure is no loss: a later commit, or closing, tries again. */
  function copy(): void {
    timer = undefined;
    queue(async () => {
      const now_pages = size_pages();
      if (timer !== undefined || now_pages - copied_pages < LOG_WORTH_pages) return;
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      copied_pages = now_pages;
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
