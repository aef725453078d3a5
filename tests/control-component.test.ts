/** What being known to a control plane costs a component; exact in `scripts/bench control`. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { measureComponent } from "./support/control-component.ts";

const skip = !existsSync("/proc/self/stat");
const because = skip ? " (skipped: there is no /proc to read a process's time from)" : "";
/** Processor time too grows on a machine whose caches others use; the bench has the real bounds. */
const CROWDED = 3;

test(`registration, heartbeat and metrics cost a component next to nothing${because}`, {
  skip,
  timeout: 60_000,
}, async () => {
  const cost = await measureComponent(200);
  const shown = JSON.stringify(cost);
  assert.ok(cost.registration_ms < 5 * CROWDED, shown);
  assert.ok(cost.heartbeat_ms < 1 * CROWDED, shown);
  assert.ok(cost.metrics_share < 0.001, shown);
});
