/**
 * The chunks that were begun on this machine, in `<stateDir>/backfill.db`: what is done stays done.
 * They belong to a pipeline rather than to one backfill of it, so that backfills whose ranges
 * overlap never do a ledger twice.
 */

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { tryLock } from "../flow/lock.ts";
import { openSqlite } from "../runtime/sqlite.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { chunkStatusSchema } from "./chunk-status.ts";
import type { ChunkStatus } from "./chunk-status.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS backfilled_pipeline (
  name TEXT PRIMARY KEY,
  settings TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS backfilled_chunk (
  pipeline TEXT NOT NULL,
  first INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (pipeline, first)
) STRICT`;

export interface ChunkLedger {
  /** Every chunk that was begun, in the order of ledgers. */
  list(): readonly ChunkStatus[];
  /** Durable when it returns. */
  save(chunk: ChunkStatus): void;
  /** What the pipeline was when its chunks were made; undefined: there are none. */
  settings(): string | undefined;
  /** From now on all chunks are made by this pipeline: those of another are forgotten. */
  begin(settings: string): void;
  close(): void;
}

export interface ChunkLedgerOptions {
  readonly stateDir: string;
  /** namespace/name. */
  readonly pipeline: string;
  /** True: to look at only, while another process may be at work. */
  readonly readonly?: boolean;
}

/** Throws `state/unreadable`, or `state/locked` while another process does chunks of the pipeline. */
export function openChunkLedger(options: ChunkLedgerOptions): ChunkLedger {
  const { stateDir, pipeline } = options;
  const release = options.readonly === true ? () => {} : lock(options);
  try {
    return open(join(stateDir, "backfill.db"), pipeline, release);
  } catch (error) {
    release();
    throw error;
  }
}

function lock({ stateDir, pipeline }: ChunkLedgerOptions): () => void {
  const release = tryLock(stateDir, `backfill ${pipeline}`);
  if (release !== undefined) return release;
  throw new FlowctlError("state/locked", `a backfill of ${pipeline} is running in ${stateDir}`, {
    hint: "Wait for it; --jobs does several chunks at a time in one process.",
  });
}

function open(path: string, pipeline: string, release: () => void): ChunkLedger {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSqlite(path);
    file.exec("PRAGMA journal_mode = WAL");
    file.exec(TABLES);
    const list = file.prepare(
      "SELECT body FROM backfilled_chunk WHERE pipeline = ? ORDER BY first",
    );
    const save = file.prepare("INSERT OR REPLACE INTO backfilled_chunk VALUES (?, ?, ?)");
    const forget = file.prepare("DELETE FROM backfilled_chunk WHERE pipeline = ?");
    const settings = file.prepare("SELECT settings FROM backfilled_pipeline WHERE name = ?");
    const begin = file.prepare("INSERT OR REPLACE INTO backfilled_pipeline VALUES (?, ?)");
    const known = () => {
      const row = settings.get(pipeline);
      return row === undefined ? undefined : String(row["settings"]);
    };
    return {
      list: () =>
        list.all(pipeline).map((row) =>
          v.parse(chunkStatusSchema, JSON.parse(String(row["body"])))
        ),
      save: (chunk) => void save.run(pipeline, chunk.first, JSON.stringify(chunk)),
      settings: known,
      begin(now) {
        if (known() === now) return;
        file.transaction(() => {
          forget.run(pipeline);
          begin.run(pipeline, now);
        });
      },
      close() {
        file.close();
        release();
      },
    };
  } catch (cause) {
    throw new FlowctlError("state/unreadable", `cannot open ${path}: ${messageOf(cause)}`, {
      hint: "Check that the state folder can be written (--state-dir names another).",
      cause,
    });
  }
}
