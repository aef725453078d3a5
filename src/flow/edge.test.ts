import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ledgerOf } from "../../tests/support/flow.ts";
import type { Batch } from "./batch.ts";
import { createLane, LANE_LIMIT_batches, LANE_LIMIT_bytes } from "./edge.ts";

const batch = (sequence: number, bytes = 100): Batch => ledgerOf("s", sequence, 0, bytes);

/** True when the promise has settled by the time that everything due has run. */
async function isSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  if (promise === undefined) return true;
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

test("a lane takes its limit of batches, then makes the producer wait for room", async () => {
  const lane = createLane("s", "a → b");
  for (let sequence = 1; sequence <= LANE_LIMIT_batches; sequence += 1) {
    assert.equal(lane.push(batch(sequence)), undefined);
  }
  const waiting = lane.push(batch(LANE_LIMIT_batches + 1));
  assert.equal(await isSettled(waiting), false);
  assert.equal(lane.size(), LANE_LIMIT_batches);
  assert.equal((await lane.take())?.sequence, 1);
  assert.equal(await isSettled(waiting), true);
  assert.equal(lane.size(), LANE_LIMIT_batches);
});

test("a lane is bounded in bytes too; a batch above the limit travels alone", async () => {
  const lane = createLane("s", "a → b");
  assert.equal(lane.push(batch(1, LANE_LIMIT_bytes - 1)), undefined);
  assert.equal(lane.push(batch(2, 1)), undefined);
  const third = lane.push(batch(3, LANE_LIMIT_bytes * 3));
  assert.equal(await isSettled(third), false);
  await lane.take();
  assert.equal(await isSettled(third), false);
  await lane.take();
  assert.equal(lane.size(), 1);
  assert.equal(await isSettled(third), false);
  assert.equal((await lane.take())?.sequence, 3);
  assert.equal(await isSettled(third), true);
});

test("the producer of a large batch goes on when it has been taken", async () => {
  const lane = createLane("s", "a → b");
  const pushing = lane.push(batch(1, LANE_LIMIT_bytes + 1));
  assert.equal(lane.size(), 1);
  assert.equal(await isSettled(pushing), false);
  await lane.take();
  assert.equal(await isSettled(pushing), true);
  const taking = lane.take();
  assert.equal(lane.push(batch(2, LANE_LIMIT_bytes + 1)), undefined);
  assert.equal((await taking)?.sequence, 2);
});

test("where the consumer is busy, when it has done with it", async () => {
  const lane = createLane("s", "a → b", { busy: true });
  const taking = lane.take();
  const first = lane.push(batch(1, LANE_LIMIT_bytes + 1));
  assert.equal((await taking)?.sequence, 1);
  assert.equal(await isSettled(first), false);
  const next = lane.take();
  assert.equal(await isSettled(first), true);
  assert.equal(lane.push(batch(2, LANE_LIMIT_bytes)), undefined);
  await next;

  assert.equal(lane.push(batch(3, 1)), undefined);
  const large = lane.push(batch(4, LANE_LIMIT_bytes + 1));
  await lane.take();
  await lane.take();
  assert.equal(await isSettled(large), false);
  lane.take();
  assert.equal(await isSettled(large), true);
});

test("a gap, a repetition and another source are errors that name the edge", () => {
  const lane = createLane("s", "a → b");
  lane.push(batch(5));
  assert.throws(() => lane.push(batch(7)), { code: "flow/gap", message: /a → b.*5.*7.*1 ledger/ });
  const other = createLane("s", "a → b");
  other.push(batch(5));
  assert.throws(() => other.push(batch(5)), { code: "flow/order", message: /5 of s came after/ });
  assert.throws(() => other.push(ledgerOf("t", 6)), { code: "flow/order", message: /source t/ });
});

test("close lets the consumer have what waits, and wakes one that waits", async () => {
  const lane = createLane("s", "a → b");
  lane.push(batch(1));
  lane.close();
  assert.equal((await lane.take())?.sequence, 1);
  assert.equal(await lane.take(), undefined);
  assert.equal(await lane.take(), undefined);

  const empty = createLane("s", "a → b");
  const taking = empty.take();
  empty.close();
  assert.equal(await taking, undefined);
});

test("abort wakes producer and consumer with the error, and refuses whoever comes later", async () => {
  const halted = new Error("halted");
  const full = createLane("s", "a → b", { batches: 1, bytes: 1000 });
  full.push(batch(1));
  const pushing = full.push(batch(2));
  const large = createLane("s", "a → b", { batches: 1, bytes: 0 });
  const handing = large.push(batch(1));
  const empty = createLane("s", "a → b");
  const taking = empty.take();
  full.abort(halted);
  large.abort(halted);
  empty.abort(halted);
  await assert.rejects(async () => await pushing, halted);
  await assert.rejects(async () => await handing, halted);
  await assert.rejects(async () => await taking, halted);
  assert.throws(() => full.push(batch(3)), halted);
  assert.throws(() => empty.take(), halted);
});

test("whatever the pace of both ends, all batches arrive in order within the limits", async () => {
  const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
  const limits = fc.record({
    batches: fc.integer({ min: 1, max: 5 }),
    bytes: fc.integer({ min: 1, max: 500 }),
    busy: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(pauses, pauses, limits, async (fast, slow, limit) => {
      const lane = createLane("s", "a → b", limit);
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      async function produce(): Promise<void> {
        for (let sequence = 1; sequence <= 60; sequence += 1) {
          if (fast[sequence % fast.length]) await turn();
          await lane.push(batch(sequence, (sequence * 37) % 400));
          assert.ok(lane.size() <= limit.batches);
        }
        lane.close();
      }
      const taken: number[] = [];
      async function consume(): Promise<void> {
        for (let next = await lane.take(); next !== undefined; next = await lane.take()) {
          taken.push(next.sequence);
          if (slow[next.sequence % slow.length]) await turn();
        }
      }
      await Promise.all([produce(), consume()]);
      assert.deepEqual(taken, Array.from({ length: 60 }, (_, index) => index + 1));
    }),
    { numRuns: 50 },
  );
});
