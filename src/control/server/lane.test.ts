import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { createLane } from "./lane.ts";

test("so many at once, and all of them in the end", async () => {
  const lane = createLane({ width: 3, longest_ms: 10_000, limit: 100 });
  let [running, most, ended] = [0, 0, 0];
  for (let n = 0; n < 50; n++) {
    assert.ok(lane.enter("a", async (done) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      ended++;
      done();
      done();
    }));
  }
  while (ended < 50) await turn();
  assert.equal(most, 3);
});

test("who has little to do waits for little, however much others have", async () => {
  const lane = createLane({ width: 1, longest_ms: 10_000, limit: 1_000 });
  const order: string[] = [];
  const enter = (peer: string) =>
    lane.enter(peer, async (done) => {
      order.push(peer);
      await turn();
      done();
    });
  for (let n = 0; n < 100; n++) enter("many");
  enter("one");
  while (order.length < 101) await turn();
  assert.ok(order.indexOf("one") <= 3, `it was number ${order.indexOf("one")}`);
});

test("what never ends holds up nobody for long, and those beyond the limit are told", async () => {
  const lane = createLane({ width: 1, longest_ms: 20, limit: 2 });
  const begun: number[] = [];
  const taken = [1, 2, 3, 4].map((n) => lane.enter("a", () => void begun.push(n)));
  assert.deepEqual(taken, [true, true, true, false]);
  assert.deepEqual(begun, [1]);
  for (let waited = 0; waited < 100 && begun.length < 3; waited++) await sleep(10);
  assert.deepEqual(begun, [1, 2, 3]);
});
