import { DelegateBackoff, handleWhen, retry } from "cockatiel";
import { FlowctlError } from "../spec/errors.ts";
import type { RetryPolicy } from "../spec/pipeline.ts";
import { isRetryable } from "./object-error.ts";

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  /** Told before each new attempt, which counts from 1. */
  readonly onRetry?: (error: FlowctlError, attempt: number, delay_ms: number) => void;
}

/** `initial_delay_ms * 2^n`, at most `max_delay_ms`, ± `jitter` of itself; `n` counts from 0. */
export function backoff_ms(policy: RetryPolicy, n: number, random: () => number = Math.random) {
  const delay_ms = Math.min(policy.initial_delay_ms * 2 ** n, policy.max_delay_ms);
  return Math.round(delay_ms * (1 + policy.jitter * (2 * random() - 1)));
}

/** Repeats what fails with a retryable error, as often and as slowly as the policy says. */
export async function withRetry<T>(options: RetryOptions, run: () => Promise<T>): Promise<T> {
  const { policy, signal } = options;
  signal?.throwIfAborted();
  // Zero retries is a policy that the library reads as "without limit".
  if (policy.max_retries < 1) return await run();
  const retrying = retry(handleWhen(isRetryable), {
    maxAttempts: policy.max_retries,
    backoff: new DelegateBackoff((context: { attempt: number }) =>
      backoff_ms(policy, context.attempt - 1)
    ),
  });
  retrying.onRetry((event) => {
    if (!("error" in event) || !(event.error instanceof FlowctlError)) return;
    options.onRetry?.(event.error, event.attempt, event.delay);
  });
  try {
    return await retrying.execute(run, signal);
  } catch (error) {
    // The library ends a cancelled wait with an error of its own.
    signal?.throwIfAborted();
    throw error;
  }
}
