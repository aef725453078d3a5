/** One run: order, backpressure, failures, commits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Batch } from "../src/flow/batch.ts";
import { defineProcessor, defineSink, defineSource } from "../src/flow/define.ts";
import { LANE_LIMIT_batches } from "../src/flow/edge.ts";
import { COMMIT_INTERVAL_ms, COMMIT_PAUSE_ms } from "../src/flow/sink-node.ts";
import type { RunSummary } from "../src/flow/stats.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import type { Disk } from "./support/flow.ts";
import {
  component,
  createDisk,
  diskSink,
  ledgerOf,
  numberEvent,
  numbers,
  runOf,
  sleep,
  tagging,
} from "./support/flow.ts";

const lake = component("source", "lake");
const out = (inputs: readonly string[]) => component("sink", "out", inputs);
const durable = (disk: Disk, hooks = {}) =>
  diskSink("out", disk, { transactional: true, ...hooks });
const never = () => new Promise<never>(() => {});

function completed(summary: RunSummary): void {
  assert.equal(summary.outcome, "completed", `${summary.error?.message}`);
}

function failedWith(summary: RunSummary, code: string, message: RegExp): void {
  assert.equal(summary.outcome, "failed");
  assert.equal(summary.error?.code, code);
  assert.match(summary.error?.message ?? "", message);
}

test("a bounded range ends by itself, complete and in order, with figures", async () => {
  const disk = createDisk();
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["a"])],
    [numbers("lake", { from: 11, to: 110, rows: () => 1 }), tagging("a"), durable(disk)],
  );
  const summary = await run.done;
  completed(summary);
  const expected = Array.from({ length: 100 }, (_, index) => `lake-${index + 11}-0>a`);
  assert.deepEqual(disk.content.get("lake")?.map((line) => line.split("=")[0]), expected);
  assert.deepEqual(disk.commits.at(-1)?.reason, "final");
  const [source, processor, sink] = summary.components;
  assert.deepEqual([source?.ledgers, source?.events_out], [100, 100]);
  assert.deepEqual([processor?.events_in, processor?.events_out], [100, 100]);
  assert.deepEqual([sink?.events_in, sink?.committed, sink?.state], [100, { lake: 110 }, "done"]);
  assert.deepEqual(summary.sources[0]?.from, 11);
  assert.deepEqual(summary.sources[0]?.last_sequence, 110);
  assert.deepEqual(summary.sources[0]?.last_closed_at_ms, 550_000);
});

test("a slow sink holds the source back: no more waits than the edges may hold", async () => {
  let emitted = 0;
  let written = 0;
  let ahead = 0;
  const disk = createDisk();
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["a"])],
    [
      numbers("lake", { to: 200, before: () => void (emitted += 1) }),
      tagging("a"),
      durable(disk, {
        async onWrite() {
          written += 1;
          ahead = Math.max(ahead, emitted - written);
          if (written % 10 === 0) await sleep(1);
        },
      }),
    ],
  );
  completed(await run.done);
  assert.ok(ahead > LANE_LIMIT_batches, `the source was at most ${ahead} ledgers ahead`);
  // Two lanes, and one batch in the hands of each node.
  assert.ok(ahead <= 2 * LANE_LIMIT_batches + 4, `the source was ${ahead} ledgers ahead`);
});

test("joins of the same sources at unequal pace do not wait for each other", async () => {
  const disk = createDisk();
  const pace = (slow: string) => async (batch: Batch) => {
    if (batch.source === slow && batch.sequence % 3 === 0) await sleep(1);
  };
  const run = runOf(
    [
      component("source", "s"),
      component("source", "t"),
      component("processor", "a", ["s", "t"]),
      component("processor", "b", ["t", "s"]),
      component("processor", "c", ["b", "s"]),
      out(["a", "c", "t"]),
    ],
    [
      numbers("s", { to: 300 }),
      numbers("t", { to: 300 }),
      tagging("a", pace("s")),
      tagging("b", pace("t")),
      tagging("c"),
      durable(disk),
    ],
  );
  const summary = await Promise.race([run.done, sleep(20_000).then(() => undefined)]);
  assert.ok(summary !== undefined, "the run does not end");
  completed(summary);
  assert.deepEqual(disk.positions, new Map([["s", 300], ["t", 300]]));
  const [first] = disk.content.get("t") ?? [];
  assert.equal(first?.split("=")[0], "t-1-0>a");
});

test("a source that breaks the order, or the range, is named", async () => {
  const giving = (...sequences: readonly number[]) =>
    defineSource({
      name: "lake",
      create: () => ({
        bounds: () => Promise.resolve({ from: 1, to: 9 }),
        async *read() {
          for (const sequence of sequences) yield ledgerOf("lake", sequence);
        },
        close: () => Promise.resolve(),
      }),
    });
  const failureOf = async (...sequences: readonly number[]) =>
    await runOf([lake, out(["lake"])], [giving(...sequences), durable(createDisk())]).done;
  failedWith(await failureOf(1, 2, 4), "flow/gap", /lake left out ledger 3: 4 came/);
  failedWith(await failureOf(1, 2, 2), "flow/order", /lake gave ledger 2, not 3/);
  failedWith(await failureOf(2), "flow/gap", /lake left out ledger 1/);
  failedWith(await failureOf(1, 2), "flow/gap", /lake ended before ledger 3/);
});

test("a processor that answers with another ledger is named", async () => {
  const wrong = defineProcessor({
    name: "a",
    create: () => ({ process: (batch) => ({ ...batch, sequence: batch.sequence + 1 }) }),
  });
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["a"])],
    [numbers("lake", { to: 9 }), wrong, durable(createDisk())],
  );
  failedWith(await run.done, "flow/order", /processor a answered ledger 1 .* ledger 2/);
});

test("a failure names component and ledger, and what was written before it is committed", async () => {
  const disk = createDisk();
  const broken = (batch: Batch) => {
    if (batch.sequence === 50) throw new TypeError("x is not a function");
  };
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["lake"]), component("sink", "k", ["a"])],
    [
      numbers("lake", { to: 99, rows: () => 1 }),
      tagging("a", broken),
      durable(disk),
      diskSink("k", createDisk(), { transactional: true }),
    ],
  );
  const summary = await run.done;
  failedWith(
    summary,
    "flow/processor-failed",
    /^processor a, ledger 50 of lake: x is not a function$/,
  );
  const state = (id: string) => summary.components.find((each) => each.id === id)?.state;
  assert.equal(state("a"), "failed");
  const committed = disk.positions.get("lake") ?? 0;
  assert.ok(committed >= 30, `${committed} ledgers are committed`);
  assert.equal(disk.content.get("lake")?.length, committed);
  assert.ok(disk.commits.every(({ reason }) => reason !== "final"));
});

test("a source is read anew from the ledger that is due; each ledger has all its attempts", async () => {
  const disk = createDisk();
  const reads: (number | undefined)[] = [];
  let failures = 0;
  const flaky = defineSource({
    name: "lake",
    create: () => ({
      bounds: () => Promise.resolve({ from: 1, to: 20 }),
      async *read({ from = 1 }) {
        reads.push(from);
        for (let sequence = from; sequence <= 20; sequence += 1) {
          if (sequence % 5 === 0 && failures < 2 * (sequence / 5)) {
            failures += 1;
            throw new FlowctlError("source/unreachable", "gone", { retryable: true });
          }
          yield ledgerOf("lake", sequence);
        }
      },
      close: () => Promise.resolve(),
    }),
  });
  const summary = await runOf([lake, out(["lake"])], [flaky, durable(disk)]).done;
  completed(summary);
  assert.deepEqual(reads, [1, 5, 5, 10, 10, 15, 15, 20, 20]);
  assert.equal(disk.positions.get("lake"), 20);
  assert.equal(summary.components[0]?.retries, 8);
});

test("a source that stays away fails the run, and says how often it was tried", async () => {
  const gone = numbers("lake", {
    to: 9,
    before(sequence) {
      if (sequence === 4) {
        throw new FlowctlError("source/unreachable", "no answer", {
          retryable: true,
          hint: "is it up?",
        });
      }
    },
  });
  const summary = await runOf([lake, out(["lake"])], [gone, durable(createDisk())]).done;
  failedWith(
    summary,
    "source/unreachable",
    /^source lake, ledger 4: no answer \(after 3 attempts\)$/,
  );
  assert.equal(summary.error?.hint, "is it up?");
});

test("a component sees one batch at a time, however many sources it reads", async () => {
  let inside = 0;
  let most = 0;
  const alone = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
  };
  for (const where of ["processor", "sink"]) {
    const run = runOf(
      [
        component("source", "s"),
        component("source", "t"),
        component("processor", "a", ["s", "t"]),
        out(["a"]),
      ],
      [
        numbers("s", { to: 50 }),
        numbers("t", { to: 50 }),
        tagging("a", where === "processor" ? alone : undefined),
        durable(createDisk(), where === "sink" ? { onWrite: alone, onCommit: alone } : {}),
      ],
    );
    completed(await run.done);
    assert.equal(most, 1, where);
  }
});

test("a commit that fails while nothing is written ends the run too", async () => {
  const run = runOf([lake, out(["lake"])], [
    numbers("lake", { before: (sequence) => sequence > 3 ? never() : undefined }),
    durable(createDisk(), {
      onCommit() {
        throw new FlowctlError("sink/disk-full", "no space for out.db", { hint: "Make room." });
      },
    }),
  ]);
  const summary = await run.done;
  failedWith(summary, "sink/disk-full", /^sink out: no space for out.db$/);
  assert.equal(summary.error?.hint, "Make room.");
  assert.equal(summary.components.find(({ id }) => id === "out")?.state, "failed");
});

test("a fast run commits in groups, one at the head of the network each ledger", async () => {
  const fast = createDisk();
  completed(
    await runOf([lake, out(["lake"])], [numbers("lake", { to: 2000 }), durable(fast)]).done,
  );
  assert.equal(fast.commits.reduce((sum, { ledgers }) => sum + ledgers, 0), 2000);
  assert.ok(fast.commits.length <= 8, `${fast.commits.length} commits`);

  const live = createDisk();
  const slow = numbers("lake", { to: 5, before: () => sleep(60) });
  completed(await runOf([lake, out(["lake"])], [slow, durable(live)]).done);
  assert.deepEqual(live.commits.map(({ reason }) => reason), [
    ...new Array(live.commits.length - 1).fill("idle"),
    "final",
  ]);
  assert.ok(live.commits.length >= 5, `${live.commits.length} commits`);
});

test("at the head of the network a commit waits for nothing", async () => {
  const disk = createDisk();
  const waits: boolean[] = [];
  let waited = false;
  const live = numbers("lake", { to: 3, before: () => sleep(COMMIT_PAUSE_ms + 20) });
  const sink = durable(disk, {
    onWrite() {
      waited = false;
      setImmediate(() => waited = true);
    },
    onCommit: () => void waits.push(waited),
  });
  completed(await runOf([lake, out(["lake"])], [live, sink]).done);
  assert.deepEqual(disk.commits.map(({ reason }) => reason), ["idle", "idle", "idle", "final"]);
  assert.deepEqual(waits.slice(0, 3), [false, false, false]);
});

test("ledgers that keep coming are committed once an interval", async () => {
  const disk = createDisk();
  const steady = numbers("lake", { before: () => sleep(2) });
  const run = runOf([lake, out(["lake"])], [steady, durable(disk)]);
  await sleep(COMMIT_INTERVAL_ms * 1.5);
  assert.ok(disk.commits.some(({ reason }) => reason === "interval"));
  run.stop();
  await run.done;
});

test("a sink that commits slowly does not delay the commits of another", async () => {
  const quick = createDisk();
  const slow = createDisk();
  let written = 0;
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const run = runOf(
    [lake, out(["lake"]), component("sink", "slow", ["lake"])],
    [
      numbers("lake", { to: 8, before: () => sleep(30) }),
      durable(quick, {
        onWrite: ({ sequence }: Batch) => void (written = sequence),
        onCommit: () => written === 8 ? release() : undefined,
      }),
      diskSink("slow", slow, { transactional: true, onCommit: () => released }),
    ],
  );
  completed(await run.done);
  assert.ok(quick.commits.length > 1);
  assert.equal(quick.positions.get("lake"), 8);
  assert.equal(slow.positions.get("lake"), 8);
});

test("timers have their turn while batches flow", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks += 1, 5);
  const began = performance.now();
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["a"])],
    [numbers("lake", { to: 30_000 }), tagging("a"), durable(createDisk())],
  );
  completed(await run.done);
  clearInterval(timer);
  const elapsed_ms = performance.now() - began;
  assert.ok(ticks >= elapsed_ms / 60, `${ticks} ticks in ${Math.round(elapsed_ms)} ms`);
});

test("input_event_types leaves the other events out", async () => {
  const disk = createDisk();
  const both = defineProcessor({
    name: "a",
    create: () => ({
      process: (batch) => ({
        ...batch,
        groups: [
          ...batch.groups,
          { type: { ...numberEvent, name: "test.other.v1" }, rows: batch.groups[0]?.rows ?? [] },
        ],
      }),
    }),
  });
  const run = runOf(
    [
      lake,
      component("processor", "a", ["lake"]),
      component("sink", "out", ["a"], { input_event_types: ["test.other.v1"] }),
    ],
    [numbers("lake", { to: 10, rows: () => 1 }), both, durable(disk)],
  );
  completed(await run.done);
  assert.equal(disk.content.get("lake")?.length, 10);
});

test("a component that cannot be made, or opened, ends the run before a ledger is read", async () => {
  let read = 0;
  const source = numbers("lake", { to: 9, before: () => void (read += 1) });
  const unmade = defineSink({
    name: "out",
    create() {
      throw new FlowctlError("sink/path-in-use", "out.jsonl is taken");
    },
  });
  const first = await runOf([lake, out(["lake"])], [source, unmade]).done;
  failedWith(first, "sink/path-in-use", /^sink out: out.jsonl is taken$/);

  const unopened = durable(createDisk(), {
    onOpen() {
      throw new Error("no such folder");
    },
  });
  const second = await runOf([lake, out(["lake"])], [source, unopened]).done;
  failedWith(second, "flow/sink-failed", /^sink out: no such folder$/);
  const third = await runOf([lake, out(["lake"])], [source]).done;
  failedWith(third, "spec/invalid", /sink out: there is no type out/);
  assert.equal(read, 0);
});
