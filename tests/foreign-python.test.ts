/** Components in Python (grpcio), without counters: a stream per ledger. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { component, runOf } from "./support/flow.ts";
import {
  external,
  idsOf,
  killAtRandom,
  ledgers,
  linesOf,
  type Memory,
  pythonMissing,
  pythonProcess,
  remembering,
} from "./support/foreign.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = pythonMissing;
const lake = component("source", "lake");

function processorRun(env: Record<string, string>, to: number) {
  const memory: Memory = { batches: [] };
  const run = runOf(
    [
      lake,
      pythonProcess("processor", ["lake"], env),
      component("sink", "memory", ["python-processor"]),
    ],
    [ledgers(1, to), remembering(memory), ...external.components],
  );
  return { run, memory };
}

const answersTo = (sequence: number) =>
  Array.from({ length: sequence % 3 }, (_, index) => `test-${sequence}/${index}`).join(" ");
const expectedAnswers = (to: number) =>
  Array.from({ length: to }, (_, at) => `${at + 1}: ${answersTo(at + 1)}`);

test("a processor may answer an event any number of times", { skip }, async () => {
  const { run, memory } = processorRun({}, 12);
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(idsOf(memory), expectedAnswers(12));
});

test("a processor killed at random instants changes nothing", { skip }, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const { run, memory } = processorRun({ PID_FILE, SLOW_MS: "5" }, 120);
  const [kills, { error }] = await Promise.all([
    killAtRandom(run, PID_FILE, 4, () => memory.batches.length, 4),
    run.done,
  ]);
  assert.equal(error, undefined);
  assert.ok(kills > 0);
  assert.deepEqual(idsOf(memory), expectedAnswers(120));
});

function sourceRun(env: Record<string, string>, config: Record<string, unknown>) {
  const memory: Memory = { batches: [] };
  const run = runOf(
    [
      pythonProcess("source", [], env, { config }),
      component("sink", "memory", ["python-source"]),
    ],
    [remembering(memory), ...external.components],
  );
  return { run, memory };
}

const sequences = (memory: Memory) => memory.batches.map(({ sequence }) => sequence);
const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("a source of raw ledgers gives a batch per ledger", { skip }, async () => {
  const { run, memory } = sourceRun({ NETWORK_PASSPHRASE: "a network" }, {
    start_ledger: 5,
    end_ledger: 40,
  });
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(sequences(memory), upTo(5, 40));
  const [first] = memory.batches;
  assert.equal(first?.network, "a network");
  assert.equal(first?.closedAt.getTime(), 1_700_000_025_000);
  assert.equal(first?.groups[0]?.type.name, "stellar.ledger.v1");
});

test("a source of 50 MB ledgers gets through", { skip }, async () => {
  const bytes = 50 * 1024 * 1024 - 1_000;
  const { run, memory } = sourceRun({ BYTES: String(bytes) }, { start_ledger: 1, end_ledger: 2 });
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(memory.batches.map((batch) => batch.bytes > bytes), [true, true]);
});

test("a source killed at random instants leaves out and repeats nothing", { skip }, async () => {
  for (const emit of ["stellar.ledger.v1", "example.python.text.v1"]) {
    using folder = temporaryFolder();
    const PID_FILE = join(folder.path, "pid");
    const { run, memory } = sourceRun({ PID_FILE, EMIT: emit, SLOW_MS: "4" }, {
      start_ledger: 1,
      end_ledger: 200,
    });
    const [kills, { error }] = await Promise.all([
      killAtRandom(run, PID_FILE, 5, () => memory.batches.length, 4),
      run.done,
    ]);
    assert.equal(error, undefined);
    assert.ok(kills > 0);
    assert.deepEqual(sequences(memory), upTo(1, 200));
    if (emit === "stellar.ledger.v1") continue;
    assert.deepEqual(
      idsOf(memory),
      upTo(1, 200).map((at) =>
        `${at}: ${upTo(0, at % 4 - 1).map((index) => `python-${at}-${index}`).join(" ")}`
      ),
    );
  }
});

test("silence ends a ledger where idle_flush says so", { skip }, async () => {
  const { run, memory } = sourceRun({ EMIT: "example.python.text.v1", STAY_OPEN: "true" }, {
    start_ledger: 1,
    end_ledger: 7,
    idle_flush: "200ms",
  });
  const limit = performance.now() + 10_000;
  while (memory.batches.length < 7 && performance.now() < limit) await sleep(20);
  run.stop();
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(sequences(memory), upTo(1, 7));
});

test("a consumer killed at random instants gets each event, in order", { skip }, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const OUT = join(folder.path, "out");
  const run = runOf(
    [lake, pythonProcess("sink", ["lake"], { PID_FILE, OUT, SLOW_MS: "4" })],
    [ledgers(1, 100), ...external.components],
  );
  const [kills, { error }] = await Promise.all([
    killAtRandom(run, PID_FILE, 6, () => linesOf(OUT).length, 4),
    run.done,
  ]);
  assert.equal(error, undefined);
  assert.ok(kills > 0);
  const lines = linesOf(OUT).filter((line, index, all) => line !== all[index - 1]);
  assert.deepEqual(lines, upTo(1, 100).map((at) => `${at} test-${at}`));
});
