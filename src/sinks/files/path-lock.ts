/**
 * One writer per output path, over all processes of the machine.
 *
 * The lock is SQLite's own on a hidden, empty file beside the output: the operating system drops
 * it when the process dies, however it dies, so there is no stale lock to guess about.
 */

import { closeSync, fstatSync, mkdirSync, openSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openSqlite } from "../../runtime/sqlite.ts";
import { FlowctlError } from "../../spec/errors.ts";

/** The holder removes the file when it is done, so an attempt may lock one that is gone. */
const ATTEMPTS = 10;

/** Checked first: the system's locks do not hold between two users in one process. */
const held = new Set<string>();

export interface PathLock {
  release(): void;
}

/**
 * Takes the lock on an output path, whose folder is made when it is missing.
 * Throws `sink/path-in-use` when another sink or another run has it.
 */
export function lockPath(path: string): PathLock {
  mkdirSync(dirname(path), { recursive: true });
  const lockFile = join(realpathSync(dirname(path)), `.${basename(path)}.lock`);
  for (let attempt = 0; attempt < ATTEMPTS && !held.has(lockFile); attempt++) {
    const lock = tryLock(lockFile);
    if (lock === "in use") break;
    if (lock !== "gone") return lock;
  }
  throw new FlowctlError("sink/path-in-use", `another sink or another run is writing ${path}`, {
    hint: "Give each sink a path of its own, or wait until the other run has ended.",
  });
}

function tryLock(lockFile: string): PathLock | "in use" | "gone" {
  // Kept open until the end: closing any descriptor of a file drops the process's locks on it.
  const descriptor = openSync(lockFile, "a");
  const database = openSqlite(lockFile, { busy_timeout_ms: 0 });
  const free = () => {
    database.close();
    closeSync(descriptor);
  };
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch {
    free();
    return "in use";
  }
  if (!isSameFile(descriptor, lockFile)) {
    free();
    return "gone";
  }
  held.add(lockFile);
  return {
    release() {
      if (!held.delete(lockFile)) return;
      rmSync(lockFile, { force: true });
      free();
    },
  };
}

function isSameFile(descriptor: number, path: string): boolean {
  const named = statSync(path, { throwIfNoEntry: false, bigint: true });
  const open = fstatSync(descriptor, { bigint: true });
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}
