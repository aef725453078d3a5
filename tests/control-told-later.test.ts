/** What happened while the control plane was away is told by whoever reaches it next. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { flowctl, startFlowctl } from "./support/flowctl.ts";
import { startServerIn, until, writePipeline } from "./support/run-pipeline.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

interface RunJson {
  readonly run_id: string;
  readonly pipeline: string;
  readonly status: string;
  readonly start_time: string;
  readonly end_time?: string;
  readonly error: string;
  readonly metrics?: { readonly events_processed: string };
}

const environment = (port: number, runId: string) => ({
  ENABLE_FLOWCTL: "true",
  FLOWCTL_ENDPOINT: `127.0.0.1:${port}`,
  FLOWCTL_HEARTBEAT_INTERVAL: "200ms",
  FLOWCTL_RUN_ID: runId,
});

async function runsAt(port: number): Promise<ReadonlyMap<string, RunJson>> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/runs`);
  const { runs } = await answer.json() as { runs: readonly RunJson[] };
  return new Map(runs.map((run) => [run.run_id, run]));
}

const untoldIn = (folder: string) => readdirSync(join(folder, ".flowctl/untold"));

test("a run that ended without a server is told by the next one, with its own times", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const port = await freePort();
  const file = writePipeline(cwd, { ledgers: 20 });
  const first = await flowctl(["run", file], { cwd, env: environment(port, "first") });
  const ended = Date.now();
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(untoldIn(cwd), ["first.json"]);

  await using _server = await startServerIn(cwd, port);
  const other = writePipeline(cwd, { ledgers: 20 }, "q");
  const second = await flowctl(["run", other], { cwd, env: environment(port, "second") });
  assert.equal(second.status, 0, second.stderr);
  const runs = await runsAt(port);
  assert.equal(runs.get("second")?.status, "completed");
  const told = runs.get("first");
  assert.equal(told?.status, "completed");
  assert.equal(told?.pipeline, "p");
  assert.ok(Number(told?.metrics?.events_processed) > 0);
  assert.ok(Date.parse(told!.end_time!) <= ended);
  assert.ok(Date.parse(told!.start_time) < Date.parse(told!.end_time!));
  const events = await fetch(`http://127.0.0.1:${port}/api/events?kind=run.completed&pipeline=p`);
  const { events: [event] } = await events.json() as { events: readonly { at: string }[] };
  assert.equal(event?.at, told?.end_time);
  assert.deepEqual(untoldIn(cwd), []);
});

test("a run that was killed is told as failed; one of another server is left for it", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const [port, elsewhere] = [await freePort(), await freePort()];
  const other = writePipeline(cwd, { ledgers: 5 }, "q");
  await flowctl(["run", other], { cwd, env: environment(elsewhere, "elsewhere") });
  await using _server = await startServerIn(cwd, port);
  const endless = writePipeline(cwd, { pace: 50 });
  const killed = startFlowctl(["run", endless], { cwd, env: environment(port, "killed") });
  await until("it is known", async () => (await runsAt(port)).get("killed")?.status === "running");
  // One that goes on is not taken for one that is over.
  const beside = writePipeline(cwd, { ledgers: 5 }, "r");
  await flowctl(["run", beside], { cwd, env: environment(port, "beside") });
  assert.equal((await runsAt(port)).get("killed")?.status, "running");
  killed.child.kill("SIGKILL");
  await killed.finished;
  await flowctl(["run", beside, "--reset"], { cwd, env: environment(port, "after") });
  const run = (await runsAt(port)).get("killed");
  assert.equal(run?.status, "failed");
  assert.match(run?.error ?? "", /ended without saying how/);
  assert.deepEqual(untoldIn(cwd), ["elsewhere.json"]);
});
