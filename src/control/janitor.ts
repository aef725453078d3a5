/** What is done regularly: ageing the silent, writing what changed, forgetting old history. */

import type { Logger } from "../flow/component.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Registry } from "./registry/registry.ts";
import type { ControlStore } from "./store/store.ts";

export const JANITOR_INTERVAL_MS = 10_000;
/** Registrations and states reach the store within this; a crash in between costs nobody anything. */
const SAVE_INTERVAL_MS = 1_000;
/** Mere beats reach the store this often: a restart grants everyone a full TTL anyway. */
const SAVE_BEATS_INTERVAL_MS = 60_000;
const CLEAN_INTERVAL_MS = 3_600_000;
/** 30 days. */
export const DEFAULT_HISTORY_MS = 30 * 86_400_000;
/** A year: who changed what is asked long after what happened. */
export const DEFAULT_AUDIT_HISTORY_MS = 365 * 86_400_000;

export interface JanitorOptions {
  readonly registry: Registry;
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly history_ms: number;
  readonly audit_history_ms: number;
  /** Of several servers on one store, one cleans up. */
  readonly leads: () => boolean;
}

export interface Janitor {
  /** Saves what is unsaved, then rests. */
  stop(): Promise<void>;
}

export function startJanitor(options: JanitorOptions): Janitor {
  const { registry, store, clock, log } = options;
  let busy: Promise<void> = Promise.resolve();
  let beatsSaved = clock.monotonic();
  let stopped = false;

  const save = async (beats: boolean) => {
    const { saved, deleted } = registry.takeDirty(beats);
    if (saved.length > 0) await store.saveServices(saved);
    if (deleted.length > 0) await store.deleteServices(deleted);
  };
  const inTurn = (what: string, work: () => Promise<void>) => {
    busy = busy.then(work).catch((error: unknown) =>
      log.error(`the janitor failed to ${what}`, { error })
    );
  };
  const timers = [
    setInterval(() => registry.sweep(), JANITOR_INTERVAL_MS),
    setInterval(() => {
      const now = clock.monotonic();
      const beats = now - beatsSaved >= SAVE_BEATS_INTERVAL_MS;
      if (beats) beatsSaved = now;
      inTurn("save services", () => save(beats));
    }, SAVE_INTERVAL_MS),
    setInterval(() =>
      inTurn("clean history", async () => {
        if (!options.leads()) return;
        const now = clock.now();
        const removed = await store.deleteHistoryBefore(now - options.history_ms);
        const audit = await store.deleteAuditBefore(now - options.audit_history_ms);
        if (removed + audit > 0) log.info("cleaned history", { removed, audit });
      }), CLEAN_INTERVAL_MS),
  ];
  for (const timer of timers) timer.unref();

  return {
    async stop() {
      if (stopped) return;
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      inTurn("save services", () => save(true));
      await busy;
    },
  };
}
