import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chain } from "../../../tests/support/fleet-pipelines.ts";
import { openStore } from "../store/open-store.ts";
import type { ControlStore } from "../store/store.ts";
import { startFleet } from "./fleet.ts";
import { soleLeader, storeLeadership } from "./leadership.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

async function fleetWithClock(hasBus: boolean, before?: ControlStore) {
  const time = { wall: 1_000_000, steady: 0 };
  const clock = { now: () => time.wall, monotonic: () => time.steady };
  const store = before ?? await openStore("memory", "");
  const fleet = await startFleet({
    store,
    clock,
    log,
    options: {
      hasBus,
      shared: false,
      leadership: soleLeader(),
      epochs: { next: (floor) => store.nextEpoch(floor) },
      report_interval_ms: 5_000,
      ttl_ms: 15_000,
      grace_ms: 60_000,
    },
    note() {},
  });
  const join = (name: string, instance: string, labels = {}) =>
    fleet.join({ name, labels, version: "1", host: "h", instance });
  return { fleet, time, store, join };
}

test("an agent that comes back under its name gets its work under a new epoch", async () => {
  const { fleet, join } = await fleetWithClock(false);
  await join("a", "1");
  await fleet.apply(chain({ ledgers: 1, labels: false }), "t", false);
  const before = fleet.assignments("a");
  assert.deepEqual(Object.keys(before.assignments[0]!.components), ["net", "transfers", "rows"]);
  await join("a", "1");
  assert.equal(fleet.assignments("a").generation, before.generation);
  await join("a", "2");
  const after = fleet.assignments("a").assignments[0]!;
  for (const [id, epoch] of Object.entries(after.components)) {
    assert.ok(epoch > before.assignments[0]!.components[id]!);
  }
  await fleet.close();
});

test("a revision is counted, the same file changes nothing, a dry run neither", async () => {
  const { fleet, join } = await fleetWithClock(true);
  const yaml = chain({ ledgers: 1 });
  const dry = await fleet.apply(yaml, "t", true);
  assert.equal(dry.pipeline.problems.length, 3);
  assert.equal(fleet.pipelines().length, 0);
  await fleet.apply(yaml, "t", false);
  for (const role of ["source", "processor", "sink"]) await join(role, "1", { role });
  const { pipeline, changed } = await fleet.apply(yaml, "t", false);
  assert.deepEqual([pipeline.revision, changed], [1, false]);
  assert.deepEqual(pipeline.placements.map(({ agent }) => agent), ["source", "processor", "sink"]);
  assert.deepEqual(pipeline.problems, []);
  const next = await fleet.apply(yaml.replace("ledgers: 1", "ledgers: 2"), "t", false);
  assert.equal(next.pipeline.revision, 2);
  await assert.rejects(() => fleet.apply("kind: Nothing", "t", false), /kind|apiVersion/);
  assert.equal(await fleet.removePipeline(pipeline.id), true);
  assert.deepEqual(fleet.assignments("source").assignments, []);
  const again = await fleet.apply(yaml, "t", false);
  assert.ok(again.pipeline.placements[0]!.epoch > next.pipeline.placements[0]!.epoch);
  await fleet.close();
});

test("what agents hold and somebody deletes stays deleted over a restart, until it is applied", async () => {
  const first = await fleetWithClock(false);
  const HELD = "default/chain";
  assert.equal(await first.fleet.removePipeline(HELD), false);
  const letGo = first.fleet.watch("a", () => {}, [HELD, "default/other"]);
  assert.deepEqual(first.fleet.released([HELD]), []);
  assert.equal(await first.fleet.removePipeline(HELD), true);
  letGo();
  await first.fleet.close();

  const second = await fleetWithClock(false, first.store);
  assert.deepEqual(second.fleet.released([HELD, "default/other"]), [HELD]);
  await second.fleet.apply(chain({ ledgers: 1, labels: false }), "t", false);
  await second.fleet.removePipeline(HELD);
  await second.fleet.close();

  // Applied since: to delete it then says nothing of what others hold.
  const third = await fleetWithClock(false, first.store);
  assert.deepEqual(third.fleet.released([HELD]), []);
  await third.fleet.close();
});

test("of two servers on one store one leads, and the other follows when it is gone", async () => {
  const store = await openStore("memory", "");
  const time = { steady: 0 };
  const clock = { now: () => 0, monotonic: () => time.steady };
  const [a, b] = ["a", "b"].map((holder) => storeLeadership({ store, holder, clock, log }));
  await sleep(20);
  assert.deepEqual([a!.isLeader(), b!.isLeader()], [true, false]);
  await a!.close();
  assert.equal(a!.isLeader(), false);
  const limit = performance.now() + 8_000;
  while (!b!.isLeader() && performance.now() < limit) await sleep(50);
  assert.equal(b!.isLeader(), true);
  await b!.close();
  await store.close();
});
