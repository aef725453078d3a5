import assert from "node:assert/strict";
import test from "node:test";
import {
  createFloodGuard,
  FIRST_BAN_MS,
  MAX_BAN_MS,
  REFUSALS_AFTER_CUT,
  REFUSALS_PER_CONNECTION,
} from "./flood.ts";

const RATE = { per_second: 1_000, burst: 1_000 };

function guardAt() {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  return { guard: createFloodGuard(RATE, clock), pass: (ms: number) => void (now += ms) };
}

/** Refusals of one connection until it is cut. */
function untilCut(guard: ReturnType<typeof createFloodGuard>, peer = "a"): number {
  const connection = {};
  for (let n = 1; n < 10_000; n++) if (guard.refused(peer, connection)) return n;
  return Infinity;
}

test("a client whose calls all wait at once is refused, not cut; one that goes on is", () => {
  const { guard, pass } = guardAt();
  const connection = {};
  for (let n = 0; n < REFUSALS_PER_CONNECTION.burst; n++) {
    assert.equal(guard.refused("a", connection), false);
  }
  assert.ok(guard.admits("a"));
  pass(1_000);
  for (let n = 0; n < REFUSALS_PER_CONNECTION.per_second; n++) {
    assert.equal(guard.refused("a", connection), false, "it came again, slower");
  }
  assert.equal(guard.refused("a", connection), true);
});

test("whoever was cut gets no new connection for a while, longer each time; others do", () => {
  const { guard, pass } = guardAt();
  const bans: number[] = [];
  for (let times = 0; times < 6; times++) {
    const patience = times === 0 ? REFUSALS_PER_CONNECTION.burst : REFUSALS_AFTER_CUT;
    assert.equal(untilCut(guard), patience + 1);
    // The other connections of the same flood are cut too, and make it no longer.
    untilCut(guard);
    assert.ok(guard.admits("b"));
    let waited = 0;
    while (!guard.admits("a")) {
      pass(500);
      waited += 500;
    }
    bans.push(waited);
  }
  assert.equal(bans[0], FIRST_BAN_MS);
  assert.deepEqual(bans, bans.toSorted((a, b) => a - b));
  assert.equal(bans.at(-1), MAX_BAN_MS);
  pass(600_000);
  assert.equal(untilCut(guard), REFUSALS_PER_CONNECTION.burst + 1);
  pass(FIRST_BAN_MS);
  assert.ok(guard.admits("a"), "it is long forgotten");
});

test("connections are counted by peer", () => {
  const { guard, pass } = guardAt();
  for (let n = 0; n < RATE.burst; n++) assert.ok(guard.admits("a"));
  assert.equal(guard.admits("a"), false);
  assert.ok(guard.admits("b"));
  pass(1);
  assert.ok(guard.admits("a"));
});
