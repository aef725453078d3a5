/** A run and a control plane as their users have them: two processes, one of which may go. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { startFlowctl } from "./support/flowctl.ts";
import { interrupted, startServerIn, until, writePipeline } from "./support/run-pipeline.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

interface Service {
  readonly service_id: string;
  readonly component_id: string;
  readonly is_healthy: boolean;
  readonly last_heartbeat: string;
  readonly metrics: Readonly<Record<string, number>>;
}

async function servicesAt(port: number): Promise<readonly Service[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/services`);
    return (await answer.json() as { services: readonly Service[] }).services;
  } catch {
    return [];
  }
}

const rowsIn = (folder: string) => {
  try {
    return readFileSync(join(folder, "rows.jsonl"), "utf8").split("\n").length;
  } catch {
    return 0;
  }
};

test("three healthy services; rows flow on without the server; the same three when it is back", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const file = writePipeline(cwd, { pace: 50 });
  const port = await freePort();
  // Whatever fails, nothing is left running.
  await using processes = new AsyncDisposableStack();
  // A run that is there before the server warns of that too.
  const first = processes.use(await startServerIn(cwd, port));
  const run = startFlowctl(["run", file], {
    cwd,
    env: {
      ENABLE_FLOWCTL: "true",
      FLOWCTL_ENDPOINT: `127.0.0.1:${port}`,
      FLOWCTL_HEARTBEAT_INTERVAL: "200ms",
    },
  });
  processes.defer(async () => {
    run.child.kill("SIGKILL");
    await run.finished;
  });
  /** A server that was started again shows what it knew: whether they beat since tells more. */
  const threeWithMetrics = async (since: number) => {
    const services = await servicesAt(port);
    const fresh = services.every(({ is_healthy, last_heartbeat }) =>
      is_healthy && Date.parse(last_heartbeat) > since
    );
    return services.length === 3 && fresh &&
      services.some(({ metrics }) => (metrics["ledgers_processed"] ?? 0) > 0) &&
      services.some(({ metrics }) => (metrics["events_extracted"] ?? 0) > 0) &&
      services.some(({ metrics }) => (metrics["events_written"] ?? 0) > 0);
  };
  await until("three healthy services with metrics", () => threeWithMetrics(0));
  const ids = (await servicesAt(port)).map(({ service_id }) => service_id).sort();
  assert.deepEqual(ids, ["p/network", "p/rows", "p/transfers"]);

  await first.kill();
  const restarted = Date.now();
  const before = rowsIn(cwd);
  await until("rows flow on", () => rowsIn(cwd) > before + 100);

  processes.use(await startServerIn(cwd, port));
  await until("three healthy services again", () => threeWithMetrics(restarted));
  const again = (await servicesAt(port)).map(({ service_id }) => service_id).sort();
  assert.deepEqual(again, ids);

  const { status, stderr } = await interrupted(run);
  assert.equal(status, 0);
  assert.equal(stderr.match(/Failed to connect to flowctl, continuing/g)?.length, 1);
  const { runs } = await (await fetch(`http://127.0.0.1:${port}/api/runs`)).json() as {
    runs: readonly { status: string }[];
  };
  assert.deepEqual(runs.map((one) => one.status), ["stopped"]);
});

test("a run that nobody asked to register contacts nobody", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const file = writePipeline(cwd, { ledgers: 20 });
  let contacts = 0;
  const listener = createServer((socket) => {
    contacts++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  const env = { FLOWCTL_ENDPOINT: `127.0.0.1:${port}`, FLOWCTL_SERVER: `127.0.0.1:${port}` };
  const quiet = await startFlowctl(["run", file], { cwd, env }).finished;
  assert.equal(quiet.status, 0);
  assert.equal(contacts, 0);
  // The same listener is noticed once it is asked for, so the silence above means something.
  const asked = await startFlowctl(["run", file, "--reset"], {
    cwd,
    env: { ...env, FLOWCTL_ENABLED: "true" },
  }).finished;
  assert.equal(asked.status, 0);
  assert.ok(contacts > 0);
  assert.match(asked.stderr, /continuing without integration/);
  listener.close();
});
