import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { CheckResult } from "../../flow/component.ts";
import { openSqlite } from "../../runtime/sqlite.ts";
import { explainSqliteError } from "./sqlite-error.ts";

/** Whether the file can be written to, or made where it does not exist; leaves nothing behind. */
export function checkSqlite(path: string): CheckResult {
  try {
    if (!existsSync(path)) {
      tryFolder(nearestFolder(path));
      return { target: path, status: "ok", detail: "will be created" };
    }
    accessSync(path, constants.W_OK);
    return { target: path, status: "ok", detail: `SQLite ${lookInto(path)}` };
  } catch (error) {
    const { message, hint } = explainSqliteError(error, path, { tables: [], ledgers: undefined });
    return { target: path, status: "failed", detail: message, ...(hint ? { hint } : {}) };
  }
}

function nearestFolder(path: string): string {
  let folder = dirname(resolve(path));
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Makes a folder and removes it: what the system says of access is not all that can fail. */
function tryFolder(folder: string): void {
  rmdirSync(mkdtempSync(join(folder, ".flowctl-check-")));
}

/** Takes the write lock and gives it back, so a file of another kind or a lock is found. */
function lookInto(path: string): string {
  const database = openSqlite(path);
  try {
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    return String(database.prepare("SELECT sqlite_version() AS version").get()?.["version"]);
  } finally {
    database.close();
  }
}
