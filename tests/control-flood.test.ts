/** The short form of the flood in `scripts/bench control`: one peer far beyond its limits. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { DEFAULT_LIMITS } from "../src/control/server/gate.ts";
import { measureFlood } from "./support/control-flood.ts";

const skip = !existsSync("/proc/self/stat");
const because = skip ? " (skipped: there is no /proc to read a process's time from)" : "";
const MAX_MEMORY_BYTES = 700 * 1024 * 1024;

test(`10,000 registrations a second from forty peers, each within its limits: likewise${because}`, {
  skip,
  timeout: 60_000,
}, async () => {
  const seconds = 5;
  const addresses = 40;
  const result = await measureFlood({ per_second: 10_000, connections: 80, seconds, addresses });
  const { per_second, burst } = DEFAULT_LIMITS.all_registrations;
  const shown = JSON.stringify(result);
  assert.ok(result.let_in <= burst + per_second * (seconds + 2), shown);
  assert.equal(result.bystander_failures, 0, shown);
  assert.ok(result.server_memory_bytes < MAX_MEMORY_BYTES, shown);
  assert.ok(result.bystander_p50_ms < 100, shown);
});

test(`10,000 registrations a second from one peer: others beat on, memory is bounded${because}`, {
  skip,
  timeout: 60_000,
}, async () => {
  const seconds = 5;
  const result = await measureFlood({ per_second: 10_000, connections: 40, seconds });
  const { per_second, burst } = DEFAULT_LIMITS.registrations;
  const shown = JSON.stringify(result);
  assert.ok(result.sent > burst + per_second * seconds, `it is a flood: ${shown}`);
  // A few that were on their way when the flood ended.
  assert.ok(result.let_in <= burst + per_second * (seconds + 2), shown);
  assert.equal(result.bystander_failures, 0, shown);
  assert.ok(result.bystander_beats > 0, shown);
  assert.ok(result.server_memory_bytes < MAX_MEMORY_BYTES, shown);
  // The exact target, a p99 of 50 ms, is for a machine that does nothing else: scripts/bench control.
  assert.ok(result.bystander_p50_ms < 50, shown);
});
