import { setTimeout as sleep } from "node:timers/promises";
import { backoff_ms } from "../spec/backoff.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { RetryPolicy } from "../spec/pipeline.ts";

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  /** Told before each new attempt, which counts from 1. */
  readonly onRetry?: (error: FlowctlError, attempt: number, delay_ms: number) => void;
}

/** No longer retryable: whoever calls must not multiply these attempts by its own. */
function exhausted(error: FlowctlError, attempts: number): FlowctlError {
  const { code, message, hint, cause } = error;
  return new FlowctlError(
    code,
    `${message} (after ${attempts} ${attempts === 1 ? "attempt" : "attempts"})`,
    {
      ...(hint === undefined ? {} : { hint }),
      cause,
    },
  );
}

/**
 * Repeats what fails with a retryable error, as often and as slowly as the policy says. The signal
 * ends a pause too, and what is thrown then is its reason.
 */
export async function withRetry<T>(options: RetryOptions, run: () => Promise<T>): Promise<T> {
  const { policy, signal } = options;
  for (let attempt = 1;; attempt++) {
    signal?.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof FlowctlError) || !error.retryable) throw error;
      if (attempt > policy.max_retries) throw exhausted(error, attempt);
      const delay_ms = backoff_ms(policy, attempt);
      options.onRetry?.(error, attempt, delay_ms);
      const pause = signal === undefined ? {} : { signal };
      await sleep(delay_ms, undefined, pause).catch(() => {});
    }
  }
}
