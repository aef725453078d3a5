/**
 * Lets timers, signals and sockets have their turn. Batches pass from promise to promise, so a
 * graph that is busy would keep the event loop to itself for as long as it finds work.
 */

import { setImmediate } from "node:timers/promises";

/** Longest time that batches flow without a turn of the event loop. */
export const TURN_INTERVAL_ms = 10;

export interface Pacer {
  /** A promise when it is time to let others have a turn. */
  turn(): Promise<void> | undefined;
}

export function createPacer(): Pacer {
  let last = performance.now();
  return {
    turn() {
      if (performance.now() - last < TURN_INTERVAL_ms) return undefined;
      return setImmediate().then(() => void (last = performance.now()));
    },
  };
}
