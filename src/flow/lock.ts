/**
 * One run per pipeline and state folder. The lock is an exclusive SQLite transaction on a file of
 * its own, so the operating system lets go of it however the process ends; a pid file alone would
 * outlive a `kill -9`.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FlowctlError } from "../spec/errors.ts";
import { openSqlite, sqliteFailure } from "../runtime/sqlite.ts";

/** Takes the lock, or returns undefined when another run holds it. The result gives it back. */
export function tryLock(stateDir: string, pipeline: string): (() => void) | undefined {
  const folder = join(stateDir, "locks");
  const path = join(folder, `${encodeURIComponent(pipeline)}.lock`);
  try {
    mkdirSync(folder, { recursive: true });
    const file = openSqlite(path, { busy_timeout_ms: 0 });
    try {
      file.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      file.close();
      throw error;
    }
    return () => file.close();
  } catch (error) {
    if (sqliteFailure(error) === "busy") return undefined;
    throw new FlowctlError("state/unreadable", `cannot lock ${path}`, {
      hint: "Check that the state folder can be written (--state-dir names another).",
      cause: error,
    });
  }
}
