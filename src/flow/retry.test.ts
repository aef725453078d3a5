import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowctlError } from "../spec/errors.ts";
import { AttemptsExhausted, withRetry } from "./retry.ts";

const policy = { max_retries: 3, initial_delay_ms: 1, max_delay_ms: 3, jitter: 0 };
const busy = new FlowctlError("sink/unreachable", "busy", { retryable: true });

async function attemptsOf(
  errors: readonly unknown[],
  signal = new AbortController().signal,
): Promise<{ readonly calls: number; readonly delays: readonly number[]; readonly end: unknown }> {
  let calls = 0;
  const delays: number[] = [];
  const end = await withRetry(() => {
    const error = errors[calls];
    calls += 1;
    if (error !== undefined) throw error;
    return "done";
  }, { policy, signal, onRetry: (_failure, delay_ms) => void delays.push(delay_ms) })
    .catch((error: unknown) => error);
  return { calls, delays, end };
}

test("a retryable error is tried again, as often as the policy says", async () => {
  assert.deepEqual(await attemptsOf([busy, busy, busy]), {
    calls: 4,
    delays: [1, 2, 3],
    end: "done",
  });
  const { calls, end } = await attemptsOf([busy, busy, busy, busy]);
  assert.equal(calls, 4);
  assert.ok(end instanceof AttemptsExhausted && end.error === busy && end.attempts === 4);
});

test("an error that is final is thrown at once", async () => {
  for (const error of [new Error("no"), new FlowctlError("sink/rejected", "no"), "no"]) {
    const { calls, end } = await attemptsOf([error]);
    assert.equal(calls, 1);
    assert.ok(end instanceof AttemptsExhausted && end.error === error);
  }
});

test("the signal ends the waiting", async () => {
  const control = new AbortController();
  const slow = { ...policy, initial_delay_ms: 60_000, max_delay_ms: 60_000 };
  const began = performance.now();
  const ended = withRetry(() => Promise.reject(busy), {
    policy: slow,
    signal: control.signal,
    onRetry: () => void setTimeout(() => control.abort(), 5),
  });
  await assert.rejects(ended, AttemptsExhausted);
  assert.ok(performance.now() - began < 5_000);
});
