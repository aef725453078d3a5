/** Components at an address, whose life is not flowctl's: late, killed, restarted by somebody else. */

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { Run } from "../src/flow/run.ts";
import type { ComponentSpec } from "../src/spec/pipeline.ts";
import { component, runOf, sleep } from "./support/flow.ts";
import { endpointOf, serve, somePort } from "./support/foreign-process.ts";
import type { Program } from "./support/foreign-process.ts";
import {
  external,
  goMissing,
  goProcess,
  idsOf,
  ledgers,
  linesOf,
  type Memory,
  pythonMissing,
  pythonProcess,
  remembering,
} from "./support/foreign.ts";
import { randomNumbers } from "./support/random.ts";
import { temporaryFolder } from "./support/temporary.ts";

const lake = component("source", "lake");
const upTo = (to: number) => Array.from({ length: to }, (_, at) => at + 1);

/** Starts it after a while, then kills and restarts it until the run is over. */
async function restartOften(
  program: Program,
  port: number,
  healthPort: number,
  run: Run,
  seed: number,
): Promise<number> {
  const random = randomNumbers(seed);
  let over = false;
  run.done.then(() => over = true);
  await sleep(300);
  let serving = await serve(program, port, healthPort);
  let kills = 0;
  while (!over && kills < 4) {
    await Promise.race([sleep(100 + random() * 300), run.done]);
    if (over) break;
    await serving.kill(random() < 0.5 ? "SIGKILL" : "SIGTERM");
    kills += 1;
    await sleep(random() * 300);
    serving = await serve(program, port, healthPort);
  }
  await run.done;
  await serving.kill("SIGKILL");
  return kills;
}

/** A run of which one component is reached at an address, and goes away again and again. */
async function disturbed(
  program: ComponentSpec,
  others: (at: ComponentSpec) => readonly ComponentSpec[],
  more: Parameters<typeof runOf>[1],
  seed: number,
) {
  const [port, healthPort] = [await somePort(), await somePort()];
  const { role, id, inputs, config } = program;
  const at = endpointOf(role, id, inputs, `127.0.0.1:${port}`, healthPort);
  const run = runOf(others({ ...at, config }), [...more, ...external.components]);
  const [kills, { error }] = await Promise.all([
    restartOften(program, port, healthPort, run, seed),
    run.done,
  ]);
  assert.equal(error, undefined);
  assert.ok(kills > 0);
}

const sinkOf = (id: string) => component("sink", "memory", [id]);

test("a Go processor that starts late and is restarted by others: no event lost or repeated", {
  skip: goMissing,
}, async () => {
  const memory: Memory = { batches: [] };
  const program = goProcess("processor", ["lake"], { SLOW_MS: "12", FILTER_EVERY: "5" });
  await disturbed(
    program,
    (at) => [lake, at, sinkOf("go-processor")],
    [ledgers(1, 200), remembering(memory)],
    1,
  );
  assert.deepEqual(
    idsOf(memory),
    upTo(200).map((at) => `${at}: ${at % 5 === 0 ? "" : `go-test-${at}`}`),
  );
});

test("a Go consumer restarted by others gets each event, in order", {
  skip: goMissing,
}, async () => {
  using folder = temporaryFolder();
  const OUT = join(folder.path, "out");
  const program = goProcess("consumer", ["lake"], { OUT, SLOW_MS: "12" });
  await disturbed(program, (at) => [lake, at], [ledgers(1, 200)], 2);
  const lines = linesOf(OUT).filter((line, index, all) => line !== all[index - 1]);
  assert.deepEqual(lines, upTo(200).map((at) => `${at} test-${at}`));
});

test("a Go source restarted by others leaves out and repeats nothing", {
  skip: goMissing,
}, async () => {
  const memory: Memory = { batches: [] };
  const config = { start_ledger: 1, end_ledger: 300 };
  const env = { SLOW_MS: "4", EVENTS: "2", BYTES: "10" };
  const program = goProcess("source", [], env, { config });
  await disturbed(program, (at) => [at, sinkOf("go-source")], [remembering(memory)], 3);
  assert.deepEqual(idsOf(memory), upTo(300).map((at) => `${at}: row-${at}-0 row-${at}-1`));
});

test("a Python processor without counters, restarted by others, changes nothing", {
  skip: pythonMissing,
}, async () => {
  const memory: Memory = { batches: [] };
  const program = pythonProcess("processor", ["lake"], { SLOW_MS: "6" });
  await disturbed(
    program,
    (at) => [lake, at, sinkOf("python-processor")],
    [ledgers(1, 200), remembering(memory)],
    4,
  );
  const answers = (at: number) => upTo(at % 3).map((n) => `test-${at}/${n - 1}`).join(" ");
  assert.deepEqual(idsOf(memory), upTo(200).map((at) => `${at}: ${answers(at)}`));
});

test("a Python consumer restarted by others gets each event, in order", {
  skip: pythonMissing,
}, async () => {
  using folder = temporaryFolder();
  const OUT = join(folder.path, "out");
  const program = pythonProcess("sink", ["lake"], { OUT, SLOW_MS: "6" });
  await disturbed(program, (at) => [lake, at], [ledgers(1, 150)], 5);
  const lines = linesOf(OUT).filter((line, index, all) => line !== all[index - 1]);
  assert.deepEqual(lines, upTo(150).map((at) => `${at} test-${at}`));
});

test("a run that waits for an endpoint ends at once when it is told to", async () => {
  const port = await somePort();
  const at = endpointOf("processor", "away", ["lake"], `127.0.0.1:${port}`);
  const run = runOf([lake, at, sinkOf("away")], [
    ledgers(1, 3),
    remembering({ batches: [] }),
    ...external.components,
  ]);
  await sleep(200);
  const started = performance.now();
  run.abort();
  await run.done;
  assert.ok(performance.now() - started < 2_000);
});
