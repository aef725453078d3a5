/** A token bucket: bytes a second over everything that shares it, with a second's worth at once. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../runtime/clock.ts";
import { systemClock } from "../runtime/clock.ts";

export interface Rate {
  readonly bytes_per_s: number;
  /** Ms until what has passed is paid for; 0: something may pass now. */
  wait_ms(): number;
  /** Something passes, whatever there was to wait for. */
  spend(bytes: number): void;
  /** Lets so many bytes pass, then waits until they are paid for or the signal fires. */
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
  const wait_ms = () => Math.max(0, paid - clock.monotonic());
  const spend = (bytes: number) => {
    paid = Math.max(paid, clock.monotonic() - MS_PER_S) + bytes / bytes_per_s * MS_PER_S;
  };
  return {
    bytes_per_s,
    wait_ms,
    spend,
    async take(bytes, signal) {
      spend(bytes);
      const wait = wait_ms();
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
    },
  };
}
