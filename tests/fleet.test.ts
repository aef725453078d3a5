/** A fleet as its users start it: a server, NATS, three agents, each a process of its own. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chain, localRows } from "./support/fleet-pipelines.ts";
import { linesOf, servicesOf, startFleet, until } from "./support/fleet.ts";
import type { TestFleet } from "./support/fleet.ts";
import { natsMissing, startNats } from "./support/nats.ts";
import { temporaryFolder } from "./support/temporary.ts";

async function threeHealthy(fleet: TestFleet): Promise<boolean> {
  const services = await servicesOf(fleet);
  return services.length === 3 &&
    services.every((one) => one.is_healthy && one.status === "healthy") &&
    services.every(({ metrics }) =>
      (metrics["ledgers_processed"] ?? metrics["ledgers_consumed"] ?? 0) > 0
    );
}

const finished = (path: string, expected: string) =>
  until("all rows are there", () => readFileSync(path, "utf8").length >= expected.length);

test("without NATS one agent runs the whole pipeline, and on after the server is gone", async () => {
  using folder = temporaryFolder();
  const yaml = chain({ ledgers: 120, pace: 40, labels: false });
  const expected = await localRows(folder.path, yaml);
  await using fleet = await startFleet({ folder: folder.path, nats: undefined });
  const agent = fleet.agent({ name: "one" });
  assert.match(await fleet.apply(yaml), /rows +waits|rows +on one/);
  const rows = join(folder.path, "rows.jsonl");
  await until("rows come", () => linesOf(rows) > 0);
  await until("three are healthy", () => threeHealthy(fleet));
  await fleet.server.kill();
  const then = linesOf(rows);
  await until("rows flow on", () => linesOf(rows) > then);
  // The agent starts again with nobody to ask.
  await agent.kill();
  agent.start();
  await finished(rows, expected);
  assert.equal(readFileSync(rows, "utf8"), expected);
  fleet.server.start();
  await until(
    "the server knows all three again",
    async () => (await servicesOf(fleet)).length === 3,
  );
});

if (natsMissing) {
  test(`a fleet over NATS (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  test(
    "three agents: server and NATS go and come back, agents are killed; rows are a local run's",
    {
      timeout: 120_000,
    },
    async () => {
      using folder = temporaryFolder();
      const yaml = chain({ ledgers: 600, pace: 40 });
      const expected = await localRows(folder.path, yaml);
      await using nats = await startNats({ folder: folder.path });
      await using fleet = await startFleet({ folder: folder.path, nats: nats.url });
      const agents = ["source", "processor", "sink"].map((role) =>
        fleet.agent({ name: `on-${role}`, labels: { role } })
      );
      await until("all agents are there", async () => {
        const { agents: seen } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
        return seen.length === 3;
      });
      await fleet.apply(yaml);
      const rows = join(folder.path, "rows.jsonl");
      await until("three are healthy with metrics", () => threeHealthy(fleet));

      await fleet.server.kill();
      const before = linesOf(rows);
      await until("rows flow on without the server", () => linesOf(rows) > before + 50);
      fleet.server.start();
      await until("three are healthy again", () => threeHealthy(fleet));

      const sourceAt = async () =>
        (await servicesOf(fleet)).find((one) => one.component_id === "net")
          ?.metrics["last_sequence"] ?? 0;
      await nats.kill();
      const at = await sourceAt();
      await until("the source reads on into its spool", async () => await sourceAt() > at + 60);
      const still = linesOf(rows);
      await sleep(300);
      assert.equal(linesOf(rows), still);
      await nats.start();
      await until("rows flow again", () => linesOf(rows) > still);

      for (const agent of agents) {
        await agent.kill();
        agent.start();
        await sleep(500);
      }
      await finished(rows, expected);
      assert.equal(readFileSync(rows, "utf8"), expected);
    },
  );
}
