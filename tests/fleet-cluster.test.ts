/** A NATS cluster that loses a server, and an edge site whose link to the cluster drops. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chain, localRows, unpaced } from "./support/fleet-pipelines.ts";
import { linesOf, servicesOf, startFleet, until } from "./support/fleet.ts";
import type { TestFleet } from "./support/fleet.ts";
import { natsCluster, natsLeaf, natsSites, settled } from "./support/nats-sites.ts";
import { natsMissing } from "./support/nats.ts";
import { startPartitionProxy } from "./support/partition-proxy.ts";
import { temporaryFolder } from "./support/temporary.ts";

const PACE = 60;
/** Not all read before what is to happen has happened, also on a slow machine. */
const LEDGERS = 2_400;
/** More than a publisher and the lanes before it hold: who reads on beyond this has spooled it. */
const BEYOND_WINDOW_ledgers = 500;

const allThere = (fleet: TestFleet) =>
  until("all agents are there", async () => {
    const { agents } = await fleet.get("/api/agents") as { agents: readonly unknown[] };
    return agents.length === 3;
  });

const replicated = (yaml: string) =>
  yaml.replace("spec:\n", "spec:\n  config: { bus: { replicas: 3 } }\n");

if (natsMissing) {
  test(`a cluster of NATS servers (skipped: ${natsMissing})`, { skip: true }, () => {});
} else {
  test("each server of a NATS cluster is killed in turn, and rows are a local run's", {
    timeout: 240_000,
  }, async () => {
    using folder = temporaryFolder();
    const yaml = chain({ ledgers: LEDGERS, pace: PACE });
    const expected = await localRows(folder.path, yaml);
    await using sites = natsSites();
    const cluster = await natsCluster(sites, folder.path);
    await settled();
    const nats = cluster.map(({ url }) => url).join(",");
    await using fleet = await startFleet({ folder: folder.path, nats, grace: "10s" });
    for (const role of ["source", "processor", "sink"]) {
      fleet.agent({ name: `on-${role}`, labels: { role } });
    }
    await allThere(fleet);
    await fleet.apply(replicated(yaml));
    const rows = join(folder.path, "rows.jsonl");
    await until("rows come", () => linesOf(rows) > 20);
    for (const [index, server] of cluster.entries()) {
      await server.kill();
      const then = linesOf(rows);
      await until(`rows flow on without server ${index + 1}`, () => linesOf(rows) > then + 200);
      server.start();
      await settled();
    }
    await fleet.apply(unpaced(replicated(yaml)));
    await until("all rows are there", () => readFileSync(rows, "utf8").length >= expected.length);
    assert.ok(readFileSync(rows, "utf8") === expected);
  });

  test(
    "an edge site's link to the cluster is cut, silently and aloud: its source spools and catches up",
    {
      timeout: 240_000,
    },
    async () => {
      using folder = temporaryFolder();
      const yaml = chain({ ledgers: LEDGERS, pace: PACE });
      const expected = await localRows(folder.path, yaml);
      await using sites = natsSites();
      const cluster = await natsCluster(sites, folder.path);
      await using link = await startPartitionProxy(cluster[0]!.ports.leaf);
      const site = await natsLeaf(sites, folder.path, link.port);
      await settled();
      const hub = cluster.map(({ url }) => url).join(",");
      await using fleet = await startFleet({ folder: folder.path, nats: hub, grace: "10s" });
      fleet.agent({ name: "on-source", labels: { role: "source" }, nats: site.url });
      for (const role of ["processor", "sink"]) {
        fleet.agent({ name: `on-${role}`, labels: { role } });
      }
      await allThere(fleet);
      await fleet.apply(yaml);
      const rows = join(folder.path, "rows.jsonl");
      await until("rows come", () => linesOf(rows) > 20);
      const read = async () =>
        (await servicesOf(fleet)).find(({ component_id }) => component_id === "net")
          ?.metrics["last_sequence"] ?? 0;
      for (const cut of ["both", "refused"] as const) {
        link.cut(cut);
        const then = await read();
        await until(
          `${cut}: the source reads on beyond what its publisher holds`,
          async () => await read() > then + BEYOND_WINDOW_ledgers,
        );
        const still = linesOf(rows);
        link.heal();
        await until(`${cut}: rows come again`, () => linesOf(rows) > still + 100);
      }
      await fleet.apply(unpaced(yaml));
      await until("all rows are there", () => readFileSync(rows, "utf8").length >= expected.length);
      assert.ok(readFileSync(rows, "utf8") === expected);
    },
  );
}
