/** Components that hang (a real SIGSTOP) or say that they are unhealthy: noticed, told, restarted. */

import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { healthOf } from "../src/control/client/run-metrics.ts";
import type { Run } from "../src/flow/run.ts";
import type { ComponentSpec, RestartPolicy } from "../src/spec/pipeline.ts";
import { component, runOf, sleep } from "./support/flow.ts";
import { endpointOf, serve, somePort } from "./support/foreign-process.ts";
import {
  external,
  goMissing,
  goProcess,
  idsOf,
  isAlive,
  ledgers,
  linesOf,
  type Memory,
  pidIn,
  pythonMissing,
  pythonProcess,
  remembering,
} from "./support/foreign.ts";
import { temporaryFolder } from "./support/temporary.ts";

const lake = component("source", "lake");
const upTo = (to: number) => Array.from({ length: to }, (_, at) => at + 1);
const LIMIT_ms = 20_000;

function policyOf(more: Partial<RestartPolicy>): RestartPolicy {
  return {
    policy: "on-failure",
    max_restarts: 10,
    delay_ms: 5,
    unhealthy_after_ms: 1_000,
    ...more,
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = performance.now() + LIMIT_ms;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`${what} did not happen`);
    await sleep(5);
  }
}

function withPolicy(spec: ComponentSpec, more: Partial<RestartPolicy> = {}): ComponentSpec {
  assert.ok(spec.external !== undefined);
  return { ...spec, external: { ...spec.external, restart_policy: policyOf(more) } };
}

function stateOf(run: Run, id: string): string {
  const stats = run.stats().components.find((each) => each.id === id);
  return stats === undefined ? "starting" : healthOf(stats, stats);
}

/** Stops the process that PID_FILE names as soon as `begun` holds. */
async function freeze(pidFile: string, begun: () => boolean): Promise<number> {
  await until("work", () => begun() && pidIn(pidFile) !== undefined);
  const pid = pidIn(pidFile) ?? 0;
  process.kill(pid, "SIGSTOP");
  return pid;
}

test("a processor that hangs is told as unhealthy, ended and started again; nothing is lost", {
  skip: goMissing,
}, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const memory: Memory = { batches: [] };
  const processor = withPolicy(goProcess("processor", ["lake"], { PID_FILE, SLOW_MS: "8" }));
  const run = runOf([lake, processor, component("sink", "memory", ["go-processor"])], [
    ledgers(1, 150),
    remembering(memory),
    ...external.components,
  ]);
  const pid = await freeze(PID_FILE, () => memory.batches.length > 20);
  await until("unhealthy", () => stateOf(run, "go-processor") === "unhealthy");
  const { error, components } = await run.done;
  assert.equal(error, undefined);
  assert.equal(isAlive(pid), false);
  assert.equal(components.find(({ id }) => id === "go-processor")?.meters["restarts"], 1);
  assert.deepEqual(idsOf(memory), upTo(150).map((at) => `${at}: go-test-${at}`));
});

test("sources and consumers that hang are started again too", { skip: pythonMissing }, async () => {
  using folder = temporaryFolder();
  const memory: Memory = { batches: [] };
  const PID_FILE = join(folder.path, "source");
  const config = { start_ledger: 1, end_ledger: 200 };
  const source = withPolicy(pythonProcess("source", [], { PID_FILE, SLOW_MS: "5" }, { config }));
  const run = runOf([source, component("sink", "memory", ["python-source"])], [
    remembering(memory),
    ...external.components,
  ]);
  await freeze(PID_FILE, () => memory.batches.length > 20);
  assert.equal((await run.done).error, undefined);
  assert.deepEqual(memory.batches.map(({ sequence }) => sequence), upTo(200));

  const OUT = join(folder.path, "out");
  const env = { PID_FILE: join(folder.path, "sink"), OUT, SLOW_MS: "5" };
  const consuming = runOf([lake, withPolicy(pythonProcess("sink", ["lake"], env))], [
    ledgers(1, 100),
    ...external.components,
  ]);
  await freeze(env.PID_FILE, () => linesOf(OUT).length > 20);
  assert.equal((await consuming.done).error, undefined);
  const lines = linesOf(OUT).filter((line, index, all) => line !== all[index - 1]);
  assert.deepEqual(lines, upTo(100).map((at) => `${at} test-${at}`));
});

test("one that says it is unhealthy is started again, as often as the policy allows", {
  skip: goMissing,
}, async () => {
  using folder = temporaryFolder();
  const UNWELL_FILE = join(folder.path, "unwell");
  const memory: Memory = { batches: [] };
  const env = { UNWELL_FILE, FAIL_LEDGER: "30" };
  const run = runOf(
    [
      lake,
      withPolicy(goProcess("processor", ["lake"], { ...env, SLOW_MS: "4000" }), {
        max_restarts: 2,
        unhealthy_after_ms: 300,
      }),
      component("sink", "memory", ["go-processor"]),
    ],
    [ledgers(571, 580), remembering(memory), ...external.components],
  );
  await until("a start", () => stateOf(run, "go-processor") === "healthy");
  writeFileSync(UNWELL_FILE, "");
  const { error } = await run.done;
  assert.equal(error?.code, "component/exited");
  assert.match(error?.message ?? "", /was ended: it was not well for \d.*it says unhealthy/);
});

test("policy never leaves it alone: it is told, and gets well again by itself", {
  skip: goMissing,
}, async () => {
  using folder = temporaryFolder();
  const UNWELL_FILE = join(folder.path, "unwell");
  const PID_FILE = join(folder.path, "pid");
  const memory: Memory = { batches: [] };
  const run = runOf(
    [
      lake,
      withPolicy(goProcess("processor", ["lake"], { UNWELL_FILE, PID_FILE, SLOW_MS: "20" }), {
        policy: "never",
        unhealthy_after_ms: 200,
      }),
      component("sink", "memory", ["go-processor"]),
    ],
    [ledgers(1, 200), remembering(memory), ...external.components],
  );
  await until("work", () => memory.batches.length > 5);
  const pid = pidIn(PID_FILE);
  writeFileSync(UNWELL_FILE, "");
  await until("unhealthy", () => stateOf(run, "go-processor") === "unhealthy");
  await sleep(600);
  rmSync(UNWELL_FILE);
  await until("well", () => stateOf(run, "go-processor") === "healthy");
  assert.equal((await run.done).error, undefined);
  assert.equal(pidIn(PID_FILE), pid);
  assert.equal(memory.batches.length, 200);
});

test("an endpoint that hangs is connected to anew; what it had is sent again", {
  skip: goMissing,
}, async () => {
  using folder = temporaryFolder();
  const OUT = join(folder.path, "out");
  const [port, healthPort] = [await somePort(), await somePort()];
  const serving = await serve(
    goProcess("consumer", [], { OUT, SLOW_MS: "5", ENABLE_FLOWCTL: "false" }),
    port,
    healthPort,
  );
  const at = withPolicy(
    endpointOf("sink", "go-consumer", ["lake"], `127.0.0.1:${port}`, healthPort),
    { unhealthy_after_ms: 400 },
  );
  const run = runOf([lake, at], [ledgers(1, 100), ...external.components]);
  await until("work", () => existsSync(OUT) && linesOf(OUT).length > 10);
  process.kill(serving.pid, "SIGSTOP");
  await until("unhealthy", () => stateOf(run, "go-consumer") === "unhealthy");
  await sleep(1_000);
  process.kill(serving.pid, "SIGCONT");
  const { error } = await run.done;
  await serving.kill("SIGKILL");
  assert.equal(error, undefined);
  const lines = linesOf(OUT).filter((line, index, all) => line !== all[index - 1]);
  assert.deepEqual([...new Set(lines)], upTo(100).map((at) => `${at} test-${at}`));
});
