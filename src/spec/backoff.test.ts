import assert from "node:assert/strict";
import test from "node:test";
import { backoff_ms } from "./backoff.ts";

test("delays double up to the limit and vary by the jitter", () => {
  const policy = { initial_delay_ms: 1000, max_delay_ms: 30_000, jitter: 0.1 };
  const middle = (attempts: number) => backoff_ms(policy, attempts, () => 0.5);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 60].map(middle),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assert.equal(backoff_ms(policy, 1, () => 0), 900);
  assert.equal(backoff_ms(policy, 1, () => 1), 1100);
});
