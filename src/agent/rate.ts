/** A token bucket: bytes a second over everything that shares it, with a second's worth at once. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../runtime/clock.ts";
import { systemClock } from "../runtime/clock.ts";

export interface Rate {
  /** Waits until so many bytes may pass; never longer than until the signal fires. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

const MS_PER_S = 1_000;

/**
 * What is larger than a second's worth passes too, and is waited for afterwards: the mean rate
 * holds whatever the sizes are.
 */
export function createRate(bytes_per_s: number, clock: Clock = systemClock): Rate {
  /** Monotonic ms at which all that has passed is paid for. */
  let paid = -Infinity;
  return {
    async take(bytes, signal) {
      const now = clock.monotonic();
      paid = Math.max(paid, now - MS_PER_S) + bytes / bytes_per_s * MS_PER_S;
      const wait = paid - now;
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
    },
  };
}
