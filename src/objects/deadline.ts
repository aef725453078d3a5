/** Time limits of a request: without progress, and as a whole. */

import type { FlowctlError } from "../spec/errors.ts";
import { objectError, type Request } from "./object-error.ts";

/** A request that makes progress may take this many times its idle limit as a whole. */
export const TOTAL_TIMEOUT_FACTOR = 20;

export interface Deadline {
  /** Fires at a time limit and with the caller's own signal. */
  readonly signal: AbortSignal;
  /** Bytes have come: the idle limit counts anew. */
  progress(): void;
}

export interface DeadlineOptions {
  readonly timeout_ms: number;
  readonly signal?: AbortSignal | undefined;
  /** Turns what the provider's library throws into an error of ours. */
  readonly explain: (thrown: unknown) => FlowctlError;
}

/**
 * Runs a request under its time limits. The result does not depend on the library below honouring
 * the signal: at a limit this throws `objects/unreachable`, retryable, whatever `run` does.
 */
export async function withDeadline<T>(
  request: Request,
  options: DeadlineOptions,
  run: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const { timeout_ms, signal: outer } = options;
  outer?.throwIfAborted();
  const abort = new AbortController();
  let late: FlowctlError | undefined;
  const expire = (limit_ms: number) => {
    late = objectError(request, { detail: `no answer within ${limit_ms / 1000} s` });
    abort.abort(late);
  };
  const total_ms = timeout_ms * TOTAL_TIMEOUT_FACTOR;
  const total = setTimeout(() => expire(total_ms), total_ms);
  let idle = setTimeout(() => expire(timeout_ms), timeout_ms);
  const forward = () => abort.abort(outer?.reason);
  outer?.addEventListener("abort", forward, { once: true });
  const aborted = new Promise<never>((_, reject) => {
    abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
  });
  aborted.catch(() => {});
  const deadline: Deadline = {
    signal: abort.signal,
    progress() {
      clearTimeout(idle);
      if (!abort.signal.aborted) idle = setTimeout(() => expire(timeout_ms), timeout_ms);
    },
  };
  try {
    return await Promise.race([run(deadline), aborted]);
  } catch (thrown) {
    if (outer?.aborted) throw outer.reason;
    throw late ?? options.explain(thrown);
  } finally {
    clearTimeout(total);
    clearTimeout(idle);
    outer?.removeEventListener("abort", forward);
  }
}
