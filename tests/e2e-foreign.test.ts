/** `flowctl run` with a component of its own: it registers, is supervised, and never left behind. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { goMissing, goProgram, isAlive, linesOf, pidIn } from "./support/foreign.ts";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = goMissing;
const LIMIT_MS = 20_000;

function writePipeline(folder: string, env: Record<string, string>, pace: number): string {
  const path = join(folder, "pipeline.yaml");
  const pipeline = {
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "foreign" },
    spec: {
      sources: [{ id: "lake", type: "sandbox", config: { ledgers: 120, pace } }],
      processors: [{
        id: "go-transfers",
        command: [goProgram],
        env: { MODE: "processor", ...env },
        restart_policy: { policy: "on-failure", delay: "10ms" },
        inputs: ["lake"],
        input_event_types: ["stellar.ledger.v1"],
        output_event_types: ["example.go.transfers.v1"],
      }],
      sinks: [{
        id: "rows",
        type: "jsonl",
        inputs: ["go-transfers"],
        config: { path: "rows.jsonl" },
      }],
    },
  };
  writeFileSync(path, JSON.stringify(pipeline));
  return path;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`${what} did not happen`);
    await sleep(10);
  }
}

const ledgersIn = (folder: string) =>
  linesOf(join(folder, "rows.jsonl")).map((line) => JSON.parse(line).ledger_sequence as number);
const all = Array.from({ length: 120 }, (_, at) => at + 2);

test("a component registers with the run's own control plane and its rows arrive", {
  skip,
}, async () => {
  using folder = temporaryFolder();
  const file = writePipeline(folder.path, {}, 0);
  const { status, stderr } = await flowctl(["run", file], { cwd: folder.path });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /registered as \S*go-transfers/);
  assert.deepEqual(ledgersIn(folder.path), all);
});

test("kill -9 of flowctl leaves no component behind, and the next run goes on", {
  skip: skip || (existsSync("/proc") ? false : "there is no /proc to look at processes"),
}, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const file = writePipeline(folder.path, { PID_FILE, SLOW_MS: "4" }, 60);
  const { child, finished } = startFlowctl(["run", file], { cwd: folder.path });
  const rows = join(folder.path, "rows.jsonl");
  await until("a first row", () => existsSync(rows) && readFileSync(rows).length > 0);
  const pid = pidIn(PID_FILE) ?? 0;
  assert.ok(isAlive(pid));
  child.kill("SIGKILL");
  await finished;
  await until("the end of the component", () => !isAlive(pid));

  const { status, stderr } = await flowctl(["run", file], { cwd: folder.path });
  assert.equal(status, 0, stderr);
  assert.deepEqual(ledgersIn(folder.path), all);
});

test("Ctrl-C drains: the component ends after its last answer", { skip }, async () => {
  using folder = temporaryFolder();
  const PID_FILE = join(folder.path, "pid");
  const file = writePipeline(folder.path, { PID_FILE }, 60);
  const { child, finished } = startFlowctl(["run", file], { cwd: folder.path });
  const rows = join(folder.path, "rows.jsonl");
  await until("a first row", () => existsSync(rows) && readFileSync(rows).length > 0);
  // Deno takes a child that was sent a signal with `kill` for ended by it, whatever its status.
  process.kill(child.pid ?? 0, "SIGINT");
  const { status, stderr } = await finished;
  assert.equal(status, 130, stderr);
  assert.doesNotMatch(stderr, /warn|error/i);
  assert.equal(isAlive(pidIn(PID_FILE) ?? process.pid), false);
  const seen = ledgersIn(folder.path);
  assert.deepEqual(seen, all.slice(0, seen.length));
});

test("a program that is not there is named at once", { skip: false }, async () => {
  using folder = temporaryFolder();
  const file = writePipeline(folder.path, {}, 0);
  const text = readFileSync(file, "utf8").replace(JSON.stringify(goProgram), '"./not-there"');
  writeFileSync(file, text);
  const { status, stderr, stdout } = await flowctl(["run", file], { cwd: folder.path });
  assert.equal(status, 1);
  assert.match(stderr, /component\/not-started|\.\/not-there of go-transfers cannot be started/);
  assert.doesNotMatch(stderr + stdout, /\n\s+at /);
  const doctor = await flowctl(["doctor", file], { cwd: folder.path });
  assert.equal(doctor.status, 1);
  assert.match(doctor.stdout, /go-transfers.*\.\/not-there: there is no such file/);
});
