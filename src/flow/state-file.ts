/** The SQLite file behind checkpoints, snapshots and dead letters: its schema and its failures. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openSqlite, sqliteFailure } from "../runtime/sqlite.ts";
import type { Sqlite } from "../runtime/sqlite.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";

export const STATE_FILE = "state.db";

/** "flow" in ASCII: tells our file from any other SQLite database. */
const APPLICATION_ID = 0x666c6f77;
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE checkpoint (
  pipeline TEXT NOT NULL, sink TEXT NOT NULL, extra TEXT NOT NULL,
  PRIMARY KEY (pipeline, sink)) STRICT, WITHOUT ROWID;
CREATE TABLE position (
  pipeline TEXT NOT NULL, sink TEXT NOT NULL, source TEXT NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY (pipeline, sink, source)) STRICT, WITHOUT ROWID;
CREATE TABLE fingerprint (
  pipeline TEXT NOT NULL, sink TEXT NOT NULL, config TEXT NOT NULL,
  PRIMARY KEY (pipeline, sink)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot (
  pipeline TEXT NOT NULL, processor TEXT NOT NULL, positions TEXT NOT NULL, state TEXT NOT NULL,
  PRIMARY KEY (pipeline, processor, positions)) STRICT;
CREATE TABLE holder (
  pipeline TEXT NOT NULL PRIMARY KEY, pid INTEGER NOT NULL, host TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE event_type (
  id INTEGER PRIMARY KEY, declaration TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL, component TEXT NOT NULL,
  source TEXT NOT NULL, sequence INTEGER NOT NULL,
  network TEXT NOT NULL, closed_at_ms INTEGER NOT NULL,
  event_type INTEGER NOT NULL REFERENCES event_type (id),
  event_id TEXT NOT NULL, event TEXT NOT NULL,
  code TEXT NOT NULL, error TEXT NOT NULL, attempts INTEGER NOT NULL,
  first_failed_at_ms INTEGER NOT NULL, last_failed_at_ms INTEGER NOT NULL,
  replay INTEGER) STRICT;
CREATE UNIQUE INDEX dead_letter_event
  ON dead_letter (pipeline, component, source, sequence, event_type, event_id);
`;

/** Opens or creates `<stateDir>/state.db`; undefined: a database in memory. */
export function openStateFile(stateDir: string | undefined): Sqlite {
  const path = stateDir === undefined ? ":memory:" : join(stateDir, STATE_FILE);
  try {
    if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true });
    const file = openSqlite(path);
    try {
      prepare(file, path);
    } catch (error) {
      file.close();
      throw error;
    }
    return withClearErrors(file, path);
  } catch (error) {
    throw stateError(path, error);
  }
}

function prepare(file: Sqlite, path: string): void {
  // Reading the header first: setting the journal mode would rewrite a foreign database's.
  const version = pragma(file, "user_version");
  const application = pragma(file, "application_id");
  const empty = file.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
  if (!empty && application !== APPLICATION_ID) {
    throw new FlowctlError("state/unreadable", `${path} is a database of another program`, {
      hint: "Name another folder with --state-dir.",
    });
  }
  if (version > SCHEMA_VERSION) {
    throw new FlowctlError(
      "state/unreadable",
      `${path} was written by a newer flowctl (its format is ${version}, we know ${SCHEMA_VERSION})`,
      { hint: "Run the newer flowctl, or name another folder with --state-dir." },
    );
  }
  file.exec("PRAGMA journal_mode = WAL");
  // WAL with FULL syncs at each commit: a checkpoint that was reported is on the disk.
  file.exec("PRAGMA synchronous = FULL");
  file.exec("PRAGMA foreign_keys = ON");
  if (!empty) return;
  file.transaction(() => {
    if (file.prepare("SELECT 1 FROM sqlite_schema").get() !== undefined) return;
    file.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    file.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    file.exec(SCHEMA);
  });
}

function pragma(file: Sqlite, name: string): number {
  return Number(file.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function withClearErrors(file: Sqlite, path: string): Sqlite {
  const clear = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      throw stateError(path, error);
    }
  };
  return {
    exec: (sql) => clear(() => file.exec(sql)),
    prepare(sql) {
      const statement = clear(() => file.prepare(sql));
      return {
        run: (...values) => clear(() => statement.run(...values)),
        get: (...values) => clear(() => statement.get(...values)),
        all: (...values) => clear(() => statement.all(...values)),
      };
    },
    transaction: (body) => clear(() => file.transaction(body)),
    close: () => clear(() => file.close()),
  };
}

function stateError(path: string, error: unknown): FlowctlError {
  if (error instanceof FlowctlError) return error;
  const other = "Name another folder with --state-dir, or move the file away to start afresh.";
  switch (sqliteFailure(error)) {
    case "busy":
      return new FlowctlError("state/locked", `${path} is in use by another process`, {
        hint: "Wait for it to end, or name another folder with --state-dir.",
        retryable: true,
        cause: error,
      });
    case "full":
      return new FlowctlError("state/disk-full", `no space left on the disk for ${path}`, {
        hint: "Make room and run again: the run goes on from its last checkpoint.",
        cause: error,
      });
    case "foreign":
      return new FlowctlError("state/unreadable", `${path} is not a flowctl state file`, {
        hint: other,
        cause: error,
      });
    case "damaged":
      return new FlowctlError("state/unreadable", `${path} is damaged`, {
        hint: `Restore it from a backup. ${other}`,
        cause: error,
      });
    case "read-only":
    case "other":
      return new FlowctlError("state/unreadable", `cannot use ${path}: ${messageOf(error)}`, {
        hint: "Check that the folder can be written, or name another with --state-dir.",
        cause: error,
      });
  }
}
