/** Several copies of a processor: quicker, and what comes out is what one copy gives. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { component, runOf, silent } from "./support/flow.ts";
import {
  external,
  goMissing,
  goProcess,
  goProgram,
  idsOf,
  killAtRandom,
  ledgers,
  type Memory,
  processOf,
  remembering,
} from "./support/foreign.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = goMissing;
const lake = component("source", "lake");
const upTo = (to: number) => Array.from({ length: to }, (_, at) => at + 1);

function start(env: Record<string, string>, to: number, more: object, command?: string[]) {
  const memory: Memory = { batches: [] };
  const processor = command === undefined ? goProcess("processor", ["lake"], env, more) : processOf(
    "processor",
    "go-processor",
    command,
    ["lake"],
    { MODE: "processor", ...env },
    more,
  );
  const run = runOf([lake, processor, component("sink", "memory", ["go-processor"])], [
    ledgers(1, to),
    remembering(memory),
    ...external.components,
  ], { log: silent });
  return { run, memory };
}

const expected = (to: number, filterEvery: number) =>
  upTo(to).map((at) => `${at}: ${at % filterEvery === 0 ? "" : `go-test-${at}`}`);

async function elapsed_ms(replicas: number): Promise<number> {
  const { run, memory } = start({ SLOW_MS: "40" }, 60, { replicas });
  const started = performance.now();
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expected(60, 1_000));
  return performance.now() - started;
}

test("four copies take about a quarter of the time, in the same order", { skip }, async () => {
  const one_ms = await elapsed_ms(1);
  const four_ms = await elapsed_ms(4);
  assert.ok(four_ms < one_ms / 2, `${Math.round(one_ms)} ms alone, ${Math.round(four_ms)} ms by 4`);
});

test("events that fail and events that are filtered are told apart by each copy", {
  skip,
}, async () => {
  const env = { SLOW_MS: "10", FILTER_EVERY: "5", FAIL_ONCE_EVERY: "7", PAUSE_US: "200" };
  const { run, memory } = start(env, 80, { replicas: 3 });
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expected(80, 5));
});

test("copies killed at random instants give what undisturbed ones give", { skip }, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const { run, memory } = start({ PID_FILE, SLOW_MS: "20" }, 300, { replicas: 3 });
  const [kills, { error }] = await Promise.all([
    killAtRandom(run, PID_FILE, 9, () => memory.batches.length),
    run.done,
  ]);
  assert.equal(error, undefined);
  assert.ok(kills > 0);
  assert.deepEqual(idsOf(memory), expected(300, 1_000));
});

test("an event that fails for good ends the run, or is left out where on_error says so", {
  skip,
}, async () => {
  const failing = start({ FAIL_LEDGER: "20", SLOW_MS: "5" }, 40, { replicas: 3 });
  const { error } = await failing.run.done;
  assert.equal(error?.code, "component/event-failed");
  assert.match(error?.message ?? "", /ledger 20/);
  assert.deepEqual(
    idsOf(failing.memory),
    expected(40, 1_000).slice(0, failing.memory.batches.length),
  );
  assert.ok(failing.memory.batches.length < 20);

  const skipping = start({ FAIL_LEDGER: "20" }, 40, { replicas: 3, on_error: "skip" });
  assert.equal((await skipping.run.done).error, undefined);
  assert.deepEqual(
    idsOf(skipping.memory),
    expected(40, 20).map((line, at) => at === 39 ? "40: go-test-40" : line),
  );
});

test("each copy has an id and ports of its own, and all are gone with the run", {
  skip,
}, async () => {
  using folder = temporaryFolder();
  const script = `echo "$PORT $HEALTH_PORT" >"$FOLDER/$FLOWCTL_COMPONENT_ID"; exec ${goProgram}`;
  const command = ["/bin/sh", "-c", script];
  const { run } = start({ FOLDER: folder.path }, 20, { replicas: 3 }, command);
  assert.equal((await run.done).error, undefined);
  const names = readdirSync(folder.path).sort();
  assert.deepEqual(names, ["go-processor", "go-processor-2", "go-processor-3"]);
});

test("a port that is stated cannot be that of several copies", async () => {
  const { run } = start({ PORT: ":50071" }, 5, { replicas: 2 }, ["/bin/sleep", "9"]);
  const { error } = await run.done;
  assert.match(error?.message ?? "", /2 replicas, which cannot all have the PORT that it states/);
});
