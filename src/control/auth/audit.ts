/** Who changed what: one line a change, written behind the calls and never in their way. */

import type { Logger } from "../../flow/component.ts";
import type { AuditRecord } from "../model.ts";
import type { ControlStore } from "../store/store.ts";

const FLUSH_INTERVAL_MS = 500;
/** Entries that wait while the store is away; beyond it they go to the log alone. */
const MAX_WAITING = 10_000;

export interface Audit {
  add(entry: AuditRecord): void;
  /** Writes what waits. */
  close(): Promise<void>;
}

export function createAudit(store: ControlStore, log: Logger): Audit {
  const waiting: AuditRecord[] = [];
  let busy: Promise<void> = Promise.resolve();
  const flush = () => {
    busy = busy.then(async () => {
      const entries = waiting.splice(0);
      if (entries.length === 0) return;
      try {
        await store.addAudit(entries);
      } catch (error) {
        log.error("the audit log could not be written", { entries: entries.length, error });
        waiting.unshift(...entries.slice(0, MAX_WAITING - waiting.length));
      }
    });
    return busy;
  };
  const timer = setInterval(flush, FLUSH_INTERVAL_MS);
  timer.unref();
  return {
    add(entry) {
      log.info("audit", { ...entry });
      if (waiting.length < MAX_WAITING) waiting.push(entry);
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
