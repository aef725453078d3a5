/** Pauses between attempts that double, within a limit, and differ so that not all come at once. */

import type { RetryPolicy } from "./pipeline.ts";

export type BackoffPolicy = Omit<RetryPolicy, "max_retries">;

/** After the given number of failed attempts, from 1: whole milliseconds, ± `jitter` of itself. */
export function backoff_ms(
  policy: BackoffPolicy,
  attempts: number,
  random: () => number = Math.random,
): number {
  const { initial_delay_ms, max_delay_ms, jitter } = policy;
  const delay_ms = Math.min(initial_delay_ms * 2 ** (attempts - 1), max_delay_ms);
  return Math.round(delay_ms * (1 + jitter * (2 * random() - 1)));
}
