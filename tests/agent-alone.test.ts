/** An agent that takes its part from a file, before any control plane was ever seen. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chain } from "./support/fleet-pipelines.ts";
import { linesOf, servicesOf, startFleet, until } from "./support/fleet.ts";
import { temporaryFolder } from "./support/temporary.ts";

test("it works with no control plane, and registers once one answers", async () => {
  using folder = temporaryFolder();
  await using fleet = await startFleet({ folder: folder.path, nats: undefined });
  await fleet.server.kill();
  writeFileSync(join(folder.path, "own.yaml"), chain({ ledgers: 2_000, pace: 40, labels: false }));
  const agent = fleet.agent({ name: "edge", args: ["-f", "own.yaml"] });
  const rows = join(folder.path, "rows.jsonl");
  await until("rows come", () => linesOf(rows) > 20);
  fleet.server.start();
  await until("all three are registered", async () => (await servicesOf(fleet)).length === 3);
  await until("the agent has joined", async () => (await fleet.cli("agents")).includes("edge"));
  const then = linesOf(rows);
  await until("joining has not stopped it", () => linesOf(rows) > then + 20);
  assert.ok(agent.running());
});
