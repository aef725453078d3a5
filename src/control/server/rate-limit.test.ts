import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { createRateLimiter, MAX_PEERS, peerNetwork } from "./rate-limit.ts";

function clockAt(start = 0) {
  let now = start;
  return { now: () => now, monotonic: () => now, pass: (ms: number) => void (now += ms) };
}

test("in no stretch of time does a peer get more than its burst and its rate", () => {
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 500 }), { maxLength: 300 }),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 1, max: 20 }),
    (gaps, per_second, burst) => {
      const clock = clockAt();
      const limiter = createRateLimiter({ per_second, burst }, clock);
      const passed: number[] = [];
      for (const gap of gaps) {
        clock.pass(gap);
        if (limiter.take("a") === 0) passed.push(clock.monotonic());
      }
      for (const [first, from] of passed.entries()) {
        for (const [last, to] of passed.entries()) {
          if (last < first) continue;
          const most = burst + (to - from) * per_second / 1_000 + 1e-6;
          assert.ok(
            last - first + 1 <= Math.max(most, 1),
            `${last - first + 1} in ${to - from} ms`,
          );
        }
      }
    },
  ));
});

test("after the wait that it was told, the peer gets through", () => {
  const clock = clockAt();
  const limiter = createRateLimiter({ per_second: 3, burst: 1 }, clock);
  assert.equal(limiter.take("a"), 0);
  const wait = limiter.take("a");
  assert.ok(wait > 0);
  clock.pass(wait);
  assert.equal(limiter.take("a"), 0);
});

test("one peer's calls are not another's, and only so many peers are remembered", () => {
  const clock = clockAt();
  const limiter = createRateLimiter({ per_second: 1, burst: 1 }, clock);
  limiter.take("a");
  assert.ok(limiter.take("a") > 0);
  assert.equal(limiter.take("b"), 0);
  for (let n = 0; n < MAX_PEERS * 2; n++) {
    limiter.take(`peer ${n}`);
    // Whoever goes on calling is never forgotten, or a crowd would lift its limit.
    if (n % 1_000 === 0) assert.ok(limiter.take("a") > 0);
  }
  assert.equal(limiter.peers, MAX_PEERS);
});

test("an IPv6 customer is one peer", () => {
  assert.equal(peerNetwork("10.1.2.3"), "10.1.2.3");
  assert.equal(peerNetwork("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(peerNetwork("2001:db8:1:2::9"), "2001:db8:1:2::/64");
  assert.equal(peerNetwork("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(peerNetwork("::1"), peerNetwork("::2"));
  assert.notEqual(peerNetwork("2001:db8::1"), peerNetwork("2001:db9::1"));
});
