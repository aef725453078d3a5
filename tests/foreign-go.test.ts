/** Components with the habits of the Go SDK, as processes of a run: nothing lost, nothing doubled. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { component, numbers, runOf } from "./support/flow.ts";
import {
  external,
  goMissing,
  goProcess,
  idsOf,
  isAlive,
  killAtRandom,
  ledgers,
  linesOf,
  type Memory,
  pidIn,
  remembering,
} from "./support/foreign.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = goMissing;
const lake = component("source", "lake");

function throughProcessor(env: Record<string, string>, to: number, more = {}) {
  const memory: Memory = { batches: [] };
  const run = runOf(
    [
      lake,
      goProcess("processor", ["lake"], env, more),
      component("sink", "memory", ["go-processor"]),
    ],
    [ledgers(1, to), remembering(memory), ...external.components],
  );
  return { run, memory };
}

const expected = (to: number, filterEvery: number) =>
  Array.from({ length: to }, (_, index) => index + 1)
    .map((at) => `${at}: ${at % filterEvery === 0 ? "" : `go-test-${at}`}`);

test("answers come back in the order of ledgers; filtered and failing ones are told apart", {
  skip,
}, async () => {
  const { run, memory } = throughProcessor(
    { SLOW_MS: "12", FILTER_EVERY: "5", FAIL_ONCE_EVERY: "7", PAUSE_US: "300" },
    60,
  );
  const { outcome, error } = await run.done;
  assert.equal(error, undefined);
  assert.equal(outcome, "completed");
  assert.deepEqual(idsOf(memory), expected(60, 5));
  const [row] = memory.batches[0]?.groups[0]?.rows ?? [];
  assert.equal(row?.["event_type"], "example.go.transfers.v1");
  assert.equal((row?.["payload"] as Record<string, unknown>)["ledger"], 1);
});

test("counters over gRPC's HealthCheck do as well as those over HTTP", { skip }, async () => {
  const { run, memory } = throughProcessor(
    { NO_HTTP_HEALTH: "true", FILTER_EVERY: "5", SLOW_MS: "5" },
    20,
  );
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expected(20, 5));
});

test("counters that come only after the gRPC server are waited for", { skip }, async () => {
  const { run, memory } = throughProcessor(
    { HEALTH_DELAY_MS: "1500", SLOW_MS: "20", FILTER_EVERY: "5" },
    20,
  );
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expected(20, 5));
});

test("a component that counts an event when it begins loses nothing either", { skip }, async () => {
  const { run, memory } = throughProcessor(
    { COUNT_EARLY: "true", SLOW_MS: "120", FILTER_EVERY: "9" },
    40,
  );
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expected(40, 9));
});

test("an event that fails for good ends the run with its name", { skip }, async () => {
  const { run } = throughProcessor({ FAIL_LEDGER: "4" }, 9);
  const { error } = await run.done;
  assert.equal(error?.code, "component/event-failed");
  assert.match(error?.message ?? "", /ledger 4.*test-4.*after 3 attempts/);
});

test("an event that fails for good is skipped where on_error says so", { skip }, async () => {
  const { run, memory } = throughProcessor({ FAIL_LEDGER: "4" }, 6, { on_error: "skip" });
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expected(6, 4));
});

test("a ledger above 4 MB is named with its size, and not sent again", { skip }, async () => {
  const memory: Memory = { batches: [] };
  const run = runOf(
    [lake, goProcess("processor", ["lake"]), component("sink", "memory", ["go-processor"])],
    [
      ledgers(1, 5, (at) => at === 3 ? 5_000_000 : 100),
      remembering(memory),
      ...external.components,
    ],
  );
  const { error } = await run.done;
  assert.equal(error?.code, "component/too-large");
  assert.match(error?.message ?? "", /ledger 3, 50000\d\d bytes/);
  assert.doesNotMatch(error?.message ?? "", /attempts/);
  assert.equal(memory.batches.length, 2);
});

test("many large ledgers in a row do not stall the connection", { skip }, async () => {
  const sizes = [1_000_000, 100, 200_000, 47_000, 3_900_000, 65_000, 500_000];
  const at = (sequence: number) => sizes[sequence % sizes.length] ?? 0;
  const memory: Memory = { batches: [] };
  const run = runOf(
    [lake, goProcess("processor", ["lake"]), component("sink", "memory", ["go-processor"])],
    [ledgers(1, 140, at), remembering(memory), ...external.components],
  );
  assert.equal((await run.done).error, undefined);
  assert.equal(memory.batches.length, 140);

  using folder = temporaryFolder();
  const OUT = join(folder.path, "out");
  const consuming = runOf([lake, goProcess("consumer", ["lake"], { OUT })], [
    ledgers(1, 140, at),
    ...external.components,
  ]);
  assert.equal((await consuming.done).error, undefined);
  assert.equal(linesOf(OUT).length, 140);
});

test("ledgers of 50 MB pass where the component takes them", { skip }, async () => {
  const memory: Memory = { batches: [] };
  const big = 50 * 1024 * 1024 - 1_000;
  const env = { MAX_MESSAGE_BYTES: String(64 * 1024 * 1024) };
  const run = runOf(
    [lake, goProcess("processor", ["lake"], env), component("sink", "memory", ["go-processor"])],
    [ledgers(1, 2, () => big), remembering(memory), ...external.components],
  );
  assert.equal((await run.done).error, undefined);
  const payload = memory.batches[1]?.groups[0]?.rows[0]?.["payload"] as { bytes: number };
  assert.ok(payload.bytes > big);
});

test("several events of a ledger are handled one after the other", { skip }, async () => {
  const memory: Memory = { batches: [] };
  const run = runOf(
    [
      component("source", "numbers"),
      goProcess("processor", ["numbers"], { SLOW_MS: "3" }, {
        input_event_types: ["test.number.v1"],
      }),
      component("sink", "memory", ["go-processor"]),
    ],
    [
      numbers("numbers", { to: 12, rows: (at) => at % 4 }),
      remembering(memory),
      ...external.components,
    ],
  );
  assert.equal((await run.done).error, undefined);
  const ids = Array.from({ length: 12 }, (_, index) => index + 1).map((at) =>
    `${at}: ` + Array.from({ length: at % 4 }, (_, place) => `go-numbers-${at}-${place}`).join(" ")
  );
  assert.deepEqual(idsOf(memory), ids);
});

test("of several events only the one that fails is dead-lettered", { skip }, async () => {
  const memory: Memory = { batches: [] };
  const run = runOf(
    [
      component("source", "numbers"),
      goProcess("processor", ["numbers"], { FAIL_EVENT: "numbers-7-1" }, {
        on_error: "dead_letter",
        input_event_types: ["test.number.v1"],
      }),
      component("sink", "memory", ["go-processor"]),
    ],
    [numbers("numbers", { to: 9, rows: () => 3 }), remembering(memory), ...external.components],
  );
  const { error } = await run.done;
  assert.equal(error, undefined);
  assert.equal(idsOf(memory)[6], "7: go-numbers-7-0 go-numbers-7-2");
  assert.equal(idsOf(memory)[7], "8: go-numbers-8-0 go-numbers-8-1 go-numbers-8-2");
});

for (const seed of [1, 2, 3]) {
  test(`a processor killed at random instants gives what an undisturbed one gives (seed ${seed})`, {
    skip,
  }, async () => {
    using folder = temporaryFolder();
    const PID_FILE = join(folder.path, "pid");
    const { run, memory } = throughProcessor({ PID_FILE, SLOW_MS: "10", FILTER_EVERY: "5" }, 200);
    const [kills, { error }] = await Promise.all([
      killAtRandom(run, PID_FILE, seed, () => memory.batches.length),
      run.done,
    ]);
    assert.equal(error, undefined);
    assert.ok(kills > 0);
    assert.deepEqual(idsOf(memory), expected(200, 5));
  });

  test(`a consumer killed at random instants gets each event, in order (seed ${seed})`, {
    skip,
  }, async () => {
    using folder = temporaryFolder();
    const PID_FILE = join(folder.path, "pid");
    const OUT = join(folder.path, "out");
    const run = runOf(
      [lake, goProcess("consumer", ["lake"], { PID_FILE, OUT, SLOW_MS: "12" })],
      [ledgers(1, 150), ...external.components],
    );
    const [kills, { error }] = await Promise.all([
      killAtRandom(run, PID_FILE, seed, () => linesOf(OUT).length),
      run.done,
    ]);
    assert.equal(error, undefined);
    assert.ok(kills > 0);
    const lines = linesOf(OUT).filter((line, index, all) => line !== all[index - 1]);
    assert.deepEqual(lines, Array.from({ length: 150 }, (_, at) => `${at + 1} test-${at + 1}`));
  });
}

test("a consumer's failures are tried again, and no checkpoint passes them", { skip }, async () => {
  using folder = temporaryFolder();
  const OUT = join(folder.path, "out");
  const run = runOf(
    [lake, goProcess("consumer", ["lake"], { OUT, FAIL_ONCE_EVERY: "6", FAIL_LEDGER: "20" })],
    [ledgers(1, 30), ...external.components],
  );
  const { error } = await run.done;
  assert.equal(error?.code, "component/event-failed");
  assert.match(error?.message ?? "", /ledger 20/);
  assert.equal(linesOf(OUT).at(-1), "19 test-19");
  assert.equal(new Set(linesOf(OUT)).size, 19);
});

test("a component is gone when its run has ended", { skip }, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const { run } = throughProcessor({ PID_FILE }, 5);
  assert.equal((await run.done).error, undefined);
  assert.equal(isAlive(pidIn(PID_FILE) ?? 0), false);
});
