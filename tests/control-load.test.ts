/** The short form of `scripts/bench control`: many components, a kill -9 of the server under them. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { measureControl } from "./support/control-bench.ts";
import { startLoad } from "./support/control-load.ts";
import { startControlServer } from "./support/control-process.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const skip = !existsSync("/proc/self/stat");
const because = skip ? " (skipped: there is no /proc to read a process's time from)" : "";

test("1,500 components that all start at once from one address are registered in time", {
  timeout: 60_000,
}, async () => {
  using folder = temporaryFolder();
  const port = await freePort();
  const server = await startControlServer(folder.path, port);
  const components = 1_500;
  const url = `http://127.0.0.1:${port}`;
  const load = startLoad({
    url,
    components,
    connections: components,
    interval_ms: 10_000,
    ramp_ms: 1,
  });
  try {
    const until = performance.now() + 50_000;
    while (load.registered < components && performance.now() < until) await sleep(100);
    assert.equal(load.registered, components, JSON.stringify([...load.failures]));
  } finally {
    await load.stop();
    server.kill();
  }
});

test(`1,000 components beat, the server is killed, and all are well again${because}`, {
  skip,
  timeout: 60_000,
}, async () => {
  const result = await measureControl({
    components: 1_000,
    connections: 100,
    interval_ms: 2_000,
    duration_ms: 4_000,
    kill: true,
  });
  assert.equal(result.failures, 0);
  assert.equal(result.falsely_reported, 0);
  assert.ok(result.heartbeats >= 1_900, `${result.heartbeats} heartbeats`);
  assert.ok(result.server_cores < 1, `${result.server_cores} cores`);
  assert.ok((result.recovered_ms ?? Infinity) < 60_000);
  // The exact target, 50 ms, is for a machine that does nothing else: scripts/bench control.
  assert.ok(result.heartbeat_p50_ms < 50, `p50 ${result.heartbeat_p50_ms} ms`);
});
