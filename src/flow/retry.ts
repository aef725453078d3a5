/** Retry with exponential backoff, for what a component says may succeed later. */

import { backoff_ms } from "../spec/backoff.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { RetryPolicy } from "../spec/pipeline.ts";
import type { Failure } from "./dead-letters.ts";

export interface RetryOptions {
  readonly policy: RetryPolicy;
  /** Fires: the wait ends and the last error is thrown. */
  readonly signal: AbortSignal;
  /** Called before each wait. */
  onRetry(failure: Failure, delay_ms: number): void;
}

/** A component's error together with how often it was tried. */
export class AttemptsExhausted extends Error implements Failure {
  readonly error: unknown;
  readonly attempts: number;

  constructor(error: unknown, attempts: number) {
    super("attempts exhausted", { cause: error });
    this.error = error;
    this.attempts = attempts;
  }
}

/** Calls until it succeeds; throws `AttemptsExhausted` when an error is final or one too many. */
export async function withRetry<T>(
  call: () => T | Promise<T>,
  options: RetryOptions,
): Promise<T> {
  for (let attempts = 1;; attempts += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isRetryable(error) || attempts > options.policy.max_retries || options.signal.aborted) {
        throw new AttemptsExhausted(error, attempts);
      }
      const delay_ms = backoff_ms(options.policy, attempts);
      options.onRetry({ error, attempts }, delay_ms);
      await sleep(delay_ms, options.signal);
    }
  }
}

export function isRetryable(error: unknown): boolean {
  return error instanceof FlowctlError && error.retryable;
}

/** Resolves after the delay or as soon as the signal fires. */
export function sleep(delay_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delay_ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
