import assert from "node:assert/strict";
import test from "node:test";
import { FlowctlError } from "../spec/errors.ts";
import type { RetryPolicy } from "../spec/pipeline.ts";
import { withRetry } from "./retry.ts";

const policy: RetryPolicy = { max_retries: 3, initial_delay_ms: 1, max_delay_ms: 4, jitter: 0 };

function failing(times: number, retryable = true) {
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    run: async () => {
      calls += 1;
      if (calls <= times) throw new FlowctlError("objects/unreachable", "busy", { retryable });
      return calls;
    },
  };
}

test("a retryable error is tried again until it works", async () => {
  const seen: number[] = [];
  const call = failing(2);
  const onRetry = (_: FlowctlError, attempt: number) => seen.push(attempt);
  assert.equal(await withRetry({ policy, onRetry }, call.run), 3);
  assert.deepEqual(seen, [1, 2]);
});

test("no more often than the policy says", async () => {
  const call = failing(10);
  await assert.rejects(
    withRetry({ policy }, call.run),
    (error: unknown) =>
      error instanceof FlowctlError && !error.retryable &&
      error.message === "busy (after 4 attempts)",
  );
  assert.equal(call.calls, 4);
  const once = failing(10);
  await assert.rejects(withRetry({ policy: { ...policy, max_retries: 0 } }, once.run), /busy/);
  assert.equal(once.calls, 1);
});

test("any other error ends it at once", async () => {
  const call = failing(1, false);
  await assert.rejects(withRetry({ policy }, call.run), /busy/);
  assert.equal(call.calls, 1);
});

test("a signal ends the pause with its reason", async () => {
  const stop = new AbortController();
  const slow = { ...policy, initial_delay_ms: 60_000, max_delay_ms: 60_000 };
  const waiting = withRetry({ policy: slow, signal: stop.signal }, failing(1).run);
  setTimeout(() => stop.abort(new Error("told to stop")), 5);
  await assert.rejects(waiting, /told to stop/);
});
