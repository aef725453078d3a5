/** The configurations under configs/nats are valid, and edges work on servers that run with them. */

import assert from "node:assert/strict";
import test from "node:test";
import { serverSync } from "../src/bus/server-sync.ts";
import { openBus } from "../src/bus/connection.ts";
import { chain, chainOf, completed, expected, fleetAt } from "./support/bus.ts";
import { createDisk, pipelineOf, silent } from "./support/flow.ts";
import { natsCluster, natsLeaf, natsSites, settled } from "./support/nats-sites.ts";
import { natsMissing } from "./support/nats.ts";
import { temporaryFolder } from "./support/temporary.ts";

function configTest(name: string, body: (folder: string) => Promise<void>): void {
  if (natsMissing !== false) {
    test(`${name} (skipped: ${natsMissing})`, { skip: true }, () => {});
    return;
  }
  test(name, { timeout: 60_000 }, async () => {
    using folder = temporaryFolder();
    await body(folder.path);
  });
}

/** Source and processors at one address, the sink at the other. */
async function edgesWork(
  folder: string,
  urls: readonly [string, string],
  bus: Readonly<Record<string, unknown>>,
): Promise<void> {
  const disk = createDisk();
  const pipeline = { ...pipelineOf(chain), config: { bus } };
  await using one = fleetAt(urls[0], folder, pipeline, chainOf(disk));
  await using two = fleetAt(urls[1], folder, pipeline, chainOf(disk));
  await completed(
    await one.agent("one", ["ledgers", "tag", "sum"]),
    await two.agent("two", ["out"]),
  );
  assert.deepEqual(disk.content, await expected(chain, chainOf));
}

configTest("one machine", async (folder) => {
  await using sites = natsSites();
  const server = await sites.server("single.conf", folder);
  await edgesWork(folder, [server.url, server.url], {});
  const bus = await openBus({ servers: server.url, name: "check" }, silent);
  const nats = await bus.connected(5_000);
  assert.ok(nats);
  const { client, monitor } = server.ports;
  assert.equal(await serverSync(nats.connection, `http://127.0.0.1:${monitor}`), "always");
  await bus.close();
  const stranger = await openBus({ servers: `nats://127.0.0.1:${client}`, name: "x" }, silent);
  assert.equal(await stranger.connected(500), undefined);
  await stranger.close();
});

configTest("three machines that hold each edge together, and an edge site", async (folder) => {
  await using sites = natsSites();
  const cluster = await natsCluster(sites, folder);
  const site = await natsLeaf(sites, folder, cluster[0]!.ports.leaf);
  await settled();
  await edgesWork(folder, [site.url, cluster.map(({ url }) => url).join(",")], { replicas: 3 });
});
