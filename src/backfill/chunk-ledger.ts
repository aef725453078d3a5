/** The chunks of backfills on this machine, in `<stateDir>/backfill.db`: what is done stays done. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { openSqlite } from "../runtime/sqlite.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Backfill } from "./plan.ts";
import { chunkStatusSchema } from "./chunk-status.ts";
import type { ChunkStatus } from "./chunk-status.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS chunk (
  backfill TEXT NOT NULL,
  first INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (backfill, first)
) STRICT`;

export interface ChunkLedger {
  list(): readonly ChunkStatus[];
  /** Durable when it returns. */
  save(chunk: ChunkStatus): void;
  /** Forgets this backfill. */
  reset(): void;
  close(): void;
}

/** Throws `state/unreadable`. */
export function openChunkLedger(stateDir: string, backfill: Pick<Backfill, "id">): ChunkLedger {
  const path = join(stateDir, "backfill.db");
  try {
    mkdirSync(stateDir, { recursive: true });
    const file = openSqlite(path);
    file.exec("PRAGMA journal_mode = WAL");
    file.exec(TABLE);
    const list = file.prepare("SELECT body FROM chunk WHERE backfill = ? ORDER BY first");
    const save = file.prepare("INSERT OR REPLACE INTO chunk VALUES (?, ?, ?)");
    const reset = file.prepare("DELETE FROM chunk WHERE backfill = ?");
    return {
      list: () =>
        list.all(backfill.id).map((row) =>
          v.parse(chunkStatusSchema, JSON.parse(String(row["body"])))
        ),
      save: (chunk) => void save.run(backfill.id, chunk.first, JSON.stringify(chunk)),
      reset: () => void reset.run(backfill.id),
      close: () => file.close(),
    };
  } catch (cause) {
    throw new FlowctlError("state/unreadable", `cannot open ${path}: ${messageOf(cause)}`, {
      hint: "Check that the state folder can be written (--state-dir names another).",
      cause,
    });
  }
}
