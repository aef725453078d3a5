/** A run and a control plane as their users have them: two processes, one of which may go. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startFlowctl } from "./support/flowctl.ts";
import type { Started } from "./support/flowctl.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const LIMIT_MS = 30_000;

interface Service {
  readonly service_id: string;
  readonly component_id: string;
  readonly is_healthy: boolean;
  readonly metrics: Readonly<Record<string, number>>;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!await condition()) {
    assert.ok(performance.now() < deadline, `not within ${LIMIT_MS} ms: ${what}`);
    await sleep(50);
  }
}

async function servicesAt(port: number): Promise<readonly Service[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/services`);
    return (await answer.json() as { services: readonly Service[] }).services;
  } catch {
    return [];
  }
}

function writePipeline(folder: string, source: Readonly<Record<string, unknown>>): string {
  const file = join(folder, "pipeline.yaml");
  const spec = {
    sources: [{
      id: "network",
      type: "sandbox",
      config: { transactions_per_ledger: 5, ...source },
    }],
    processors: [{ id: "transfers", type: "token-transfer", inputs: ["network"] }],
    sinks: [{ id: "rows", type: "jsonl", inputs: ["transfers"], config: { path: "rows.jsonl" } }],
  };
  writeFileSync(
    file,
    JSON.stringify({ apiVersion: "flowctl/v1", kind: "Pipeline", metadata: { name: "p" }, spec }),
  );
  return file;
}

const rowsIn = (folder: string) => {
  try {
    return readFileSync(join(folder, "rows.jsonl"), "utf8").split("\n").length;
  } catch {
    return 0;
  }
};

async function stopped({ child, finished }: Started) {
  child.kill("SIGINT");
  return await finished;
}

test("three healthy services; rows flow on without the server; the same three when it is back", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const file = writePipeline(cwd, { pace: 50 });
  const port = await freePort();
  const serve = () =>
    startFlowctl(["server", "--listen", `127.0.0.1:${port}`, "--data-dir", "server"], { cwd });
  const first = serve();
  // A run that is there before the server warns of that too.
  await until(
    "the server answers",
    () => fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => ok, () => false),
  );
  const run = startFlowctl(["run", file], {
    cwd,
    env: {
      ENABLE_FLOWCTL: "true",
      FLOWCTL_ENDPOINT: `127.0.0.1:${port}`,
      FLOWCTL_HEARTBEAT_INTERVAL: "200ms",
    },
  });
  const threeWithMetrics = async () => {
    const services = await servicesAt(port);
    return services.length === 3 && services.every(({ is_healthy }) => is_healthy) &&
      services.some(({ metrics }) => (metrics["ledgers_processed"] ?? 0) > 0) &&
      services.some(({ metrics }) => (metrics["events_extracted"] ?? 0) > 0) &&
      services.some(({ metrics }) => (metrics["events_written"] ?? 0) > 0);
  };
  await until("three healthy services with metrics", threeWithMetrics);
  const ids = (await servicesAt(port)).map(({ service_id }) => service_id).sort();
  assert.deepEqual(ids, ["p/network", "p/rows", "p/transfers"]);

  first.child.kill("SIGKILL");
  await first.finished;
  const before = rowsIn(cwd);
  await until("rows flow on", () => rowsIn(cwd) > before + 100);

  const second = serve();
  await until("three healthy services again", threeWithMetrics);
  const again = (await servicesAt(port)).map(({ service_id }) => service_id).sort();
  assert.deepEqual(again, ids);

  const { status, stderr } = await stopped(run);
  assert.equal(status, 0);
  assert.equal(stderr.match(/Failed to connect to flowctl, continuing/g)?.length, 1);
  const { runs } = await (await fetch(`http://127.0.0.1:${port}/api/runs`)).json() as {
    runs: readonly { status: string }[];
  };
  assert.deepEqual(runs.map((one) => one.status), ["stopped"]);
  await stopped(second);
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
