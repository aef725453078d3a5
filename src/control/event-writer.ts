/**
 * Events of the control plane itself, on their way to the store: ten thousand components that
 * register at once are a few dozen transactions, and nobody waits for any of them.
 */

import type { Logger } from "../flow/component.ts";
import type { EventRecord } from "./model.ts";

/** Events of one write. */
const MAX_BATCH_EVENTS = 500;
/** Events that wait while the store is away; beyond it the newest are lost, and said to be. */
export const MAX_WAITING_EVENTS = 100_000;
/** What comes within this is written together. */
const GATHER_MS = 20;

export interface EventWriter {
  add(event: EventRecord): void;
  /** Writes what waits. */
  close(): Promise<void>;
}

export function createEventWriter(
  write: (events: readonly EventRecord[]) => Promise<void>,
  log: Logger,
): EventWriter {
  const waiting: EventRecord[] = [];
  let writing: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const drain = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH_EVENTS);
      await write(batch).catch((error: unknown) =>
        log.error("events could not be kept", { events: batch.length, error })
      );
    }
    writing = undefined;
  };
  const begin = () => {
    timer = undefined;
    writing ??= drain();
  };

  return {
    add(event) {
      if (waiting.length >= MAX_WAITING_EVENTS) {
        log.error("an event was lost: too many wait for the store", { kind: event.kind });
        return;
      }
      waiting.push(event);
      if (writing === undefined) timer ??= setTimeout(begin, GATHER_MS);
    },
    async close() {
      clearTimeout(timer);
      begin();
      await writing;
    },
  };
}
