/** Who changed what: one line a change, written behind the calls and never in their way. */

import type { Logger } from "../../flow/component.ts";
import type { AuditRecord } from "../model.ts";
import type { ControlStore } from "../store/store.ts";

const FLUSH_INTERVAL_MS = 500;
/** Entries that wait while the store is away; beyond it they go to the log alone. */
export const MAX_WAITING_ENTRIES = 10_000;

export interface Audit {
  add(entry: AuditRecord): void;
  /** Writes what waits. */
  flush(): Promise<void>;
  /** Writes what waits, and ends. */
  close(): Promise<void>;
}

export function createAudit(store: ControlStore, log: Logger): Audit {
  let waiting: AuditRecord[] = [];
  let writing: Promise<void> | undefined;

  const write = async () => {
    const entries = waiting;
    waiting = [];
    try {
      await store.addAudit(entries);
    } catch (error) {
      log.error("the audit log could not be written", { entries: entries.length, error });
      waiting = [...entries, ...waiting].slice(0, MAX_WAITING_ENTRIES);
    }
  };
  const flush = async () => {
    await writing;
    if (waiting.length === 0) return;
    writing ??= write().finally(() => {
      writing = undefined;
    });
    await writing;
  };
  const timer = setInterval(() => {
    if (writing === undefined) void flush();
  }, FLUSH_INTERVAL_MS);
  timer.unref();

  return {
    add(entry) {
      log.info("audit", { ...entry });
      if (waiting.length < MAX_WAITING_ENTRIES) waiting.push(entry);
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
