/** How a run ends early: drained, aborted, out of time, failed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { defineProcessor, defineSource } from "../src/flow/define.ts";
import type { RunSummary } from "../src/flow/stats.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import type { Disk } from "./support/flow.ts";
import { component, createDisk, diskSink, numbers, runOf, sleep, tagging } from "./support/flow.ts";

const lake = component("source", "lake");
const out = (inputs: readonly string[]) => component("sink", "out", inputs);
const durable = (disk: Disk, hooks = {}) =>
  diskSink("out", disk, { transactional: true, ...hooks });
const never = () => new Promise<never>(() => {});

function failedWith(summary: RunSummary, code: string, message: RegExp): void {
  assert.equal(summary.outcome, "failed");
  assert.equal(summary.error?.code, code);
  assert.match(summary.error?.message ?? "", message);
}

test("stop drains what is on its way and commits it, without finishing the output", async () => {
  const disk = createDisk();
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["a"])],
    [
      numbers("lake", { rows: () => 1, before: (n) => n % 20 === 0 ? sleep(1) : undefined }),
      tagging("a"),
      durable(disk),
    ],
  );
  await sleep(50);
  run.stop();
  run.stop();
  const summary = await run.done;
  assert.equal(summary.outcome, "stopped");
  assert.equal(summary.error, undefined);
  const last = summary.sources[0]?.last_sequence ?? 0;
  assert.ok(last > 0);
  assert.equal(disk.positions.get("lake"), last);
  assert.ok(disk.commits.every(({ reason }) => reason !== "final"));
});

test("stop does not wait for a source that waits for the network", async () => {
  for (const heedsSignal of [true, false]) {
    const disk = createDisk();
    const waiting = numbers("lake", {
      rows: () => 1,
      before: (sequence, signal) =>
        sequence <= 5 ? undefined : heedsSignal
          ? new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(new Error("aborted")));
          })
          : never(),
    });
    const run = runOf([lake, out(["lake"])], [waiting, durable(disk)]);
    await sleep(30);
    run.stop();
    const summary = await run.done;
    assert.equal(summary.outcome, "stopped", `${summary.error?.message}`);
    assert.equal(disk.positions.get("lake"), 5);
  }
});

test("stop does not wait for the next attempt of a source that fails for now", async () => {
  const away = numbers("lake", {
    before() {
      throw new FlowctlError("source/unreachable", "no answer", { retryable: true });
    },
  });
  const retry_policy = {
    max_retries: 9,
    initial_delay_ms: 60_000,
    max_delay_ms: 60_000,
    jitter: 0,
  };
  const run = runOf(
    [component("source", "lake", [], { retry_policy }), out(["lake"])],
    [away, durable(createDisk())],
  );
  await sleep(20);
  run.stop();
  const summary = await run.done;
  assert.equal(summary.outcome, "stopped", `${summary.error?.message}`);
});

test("a drain that takes too long is ended, and says so", async () => {
  const run = runOf(
    [lake, out(["lake"])],
    [numbers("lake"), durable(createDisk(), { onWrite: never })],
    { drainDeadline_ms: 50 },
  );
  await sleep(10);
  run.stop();
  const began = performance.now();
  const summary = await run.done;
  assert.ok(performance.now() - began < 2_000);
  assert.equal(summary.outcome, "stopped");
  assert.equal(summary.error?.code, "flow/deadline");
});

test("abort ends at once, whatever components wait for, and commits nothing more", async () => {
  const disk = createDisk();
  const run = runOf([lake, out(["lake"])], [
    numbers("lake", { before: (sequence) => sequence > 9 ? never() : undefined }),
    durable(disk, { onCommit: never }),
  ]);
  await sleep(10);
  const began = performance.now();
  run.abort();
  const summary = await run.done;
  assert.ok(performance.now() - began < 2_000);
  assert.equal(summary.outcome, "stopped");
  await sleep(60);
  assert.equal(disk.positions.size, 0);
});

test("a run that fails is failed, also when what is left of it hangs", async () => {
  const run = runOf(
    [lake, out(["lake"]), component("sink", "bad", ["lake"])],
    [
      numbers("lake", { to: 9 }),
      durable(createDisk(), { onCommit: never }),
      diskSink("bad", createDisk(), {
        transactional: true,
        onWrite({ sequence }) {
          if (sequence === 5) throw new FlowctlError("sink/rejected", "no");
        },
      }),
    ],
    { drainDeadline_ms: 50 },
  );
  failedWith(await run.done, "sink/rejected", /sink bad, ledger 5/);
});

test("a run that is stopped while it is prepared has been stopped, not failed", async () => {
  const disk = createDisk();
  const unresolved = defineSource({
    name: "lake",
    create: (_config, { signal }) => ({
      bounds: () =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
      async *read() {},
      close: () => Promise.resolve(),
    }),
  });
  const run = runOf([lake, out(["lake"])], [unresolved, durable(disk)]);
  await sleep(10);
  run.stop();
  const summary = await run.done;
  assert.equal(summary.outcome, "stopped", `${summary.error?.message}`);
  assert.equal(disk.commits.length, 0);
});

test("what fails because it was told to give up is not why the run ends", async () => {
  const waiting = defineProcessor({
    name: "a",
    create: (_config, { signal }) => ({
      process: () =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("given up")));
        }),
    }),
  });
  const run = runOf(
    [lake, component("processor", "a", ["lake"]), out(["a"])],
    [numbers("lake"), waiting, durable(createDisk())],
  );
  await sleep(10);
  run.abort();
  const summary = await run.done;
  assert.equal(summary.outcome, "stopped");
  assert.equal(summary.error, undefined);
});
