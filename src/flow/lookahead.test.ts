import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "./batch.ts";
import { runAhead } from "./lookahead.ts";

const batch = (sequence: number): Batch => ({
  source: "lake",
  sequence,
  network: "",
  closedAt: new Date(0),
  groups: [],
  bytes: 1,
});

function batches(count: number) {
  let next = 1;
  return () => Promise.resolve(next > count ? undefined : batch(next++));
}

test("results come in order, whichever is ready first, and no more than the width are open", async () => {
  const delivered: number[] = [];
  let open = 0;
  let most = 0;
  await runAhead({
    width: 4,
    take: batches(40),
    async step(each) {
      most = Math.max(most, open += 1);
      await sleep((each.sequence * 7) % 11);
      return each;
    },
    async deliver(each) {
      await sleep(each.sequence % 3);
      delivered.push(each.sequence);
      open -= 1;
    },
  });
  assert.deepEqual(delivered, Array.from({ length: 40 }, (_, at) => at + 1));
  assert.equal(most, 4);
});

test("a failure is told at once, and nothing after it is delivered", async () => {
  const delivered: number[] = [];
  const failing = runAhead({
    width: 3,
    take: batches(100),
    async step(each) {
      if (each.sequence === 5) throw new Error("five");
      if (each.sequence === 4) await new Promise(() => {});
      return each;
    },
    deliver(each) {
      delivered.push(each.sequence);
      return Promise.resolve();
    },
  });
  await assert.rejects(failing, /five/);
  await sleep(20);
  assert.deepEqual(delivered, [1, 2, 3].slice(0, delivered.length));
});

test("a failure ends it also while it waits for the next batch", async () => {
  let taken = 0;
  const failing = runAhead({
    width: 2,
    take: () => (taken += 1) === 1 ? Promise.resolve(batch(1)) : new Promise(() => {}),
    step: async () => {
      await sleep(5);
      throw new Error("one");
    },
    deliver: () => Promise.resolve(),
  });
  await assert.rejects(failing, /one/);
});
