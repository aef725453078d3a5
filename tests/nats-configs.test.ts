/** The configurations under configs/nats are valid, and edges work on servers that run with them. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { serverSync } from "../src/bus/server-sync.ts";
import { openBus } from "../src/bus/connection.ts";
import { chain, chainOf, completed, expected, fleetAt } from "./support/bus.ts";
import { createDisk, pipelineOf, silent } from "./support/flow.ts";
import { natsMissing } from "./support/nats.ts";
import { findPeer } from "./support/peers.ts";
import { freePort } from "./support/server-process.ts";
import { temporaryFolder } from "./support/temporary.ts";

const CONFIGS = fileURLToPath(new URL("../configs/nats/", import.meta.url));
const SECRETS = {
  NATS_PASSWORD: "pw-a",
  NATS_CLUSTER_PASSWORD: "pw-b",
  NATS_LEAF_PASSWORD: "pw-c",
};

interface Ports {
  readonly client: number;
  readonly monitor: number;
  readonly route: number;
  readonly leaf: number;
}

async function ports(): Promise<Ports> {
  const [client, monitor, route, leaf] = await Promise.all(
    [1, 2, 3, 4].map(() => freePort()),
  );
  return { client: client!, monitor: monitor!, route: route!, leaf: leaf! };
}

/** The file as it is, but for ports, addresses and folders of this test. */
function configFor(name: string, folder: string, at: Ports): string {
  const text = readFileSync(join(CONFIGS, name), "utf8")
    .replaceAll("0.0.0.0", "127.0.0.1")
    .replaceAll(/^(listen: .*):4222/gm, `$1:${at.client}`)
    .replaceAll(":8222", `:${at.monitor}`)
    .replaceAll(":6222", `:${at.route}`)
    .replaceAll(":7422", `:${at.leaf}`)
    .replaceAll("/var/lib/nats", join(folder, `js-${at.client}`));
  const path = join(folder, `${name}-${at.client}.conf`);
  writeFileSync(path, text);
  return path;
}

class Servers implements AsyncDisposable {
  readonly #children: ChildProcess[] = [];

  start(config: string, env: Record<string, string>): void {
    const all = { ...process.env, ...SECRETS, ...env };
    const checked = spawnSync(findPeer("nats-server")!, ["-t", "-c", config], { env: all });
    assert.equal(checked.status, 0, checked.stderr.toString());
    this.#children.push(
      spawn(findPeer("nats-server")!, ["-c", config], { env: all, stdio: "ignore" }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(async (child) => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    }));
  }
}

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

const url = ({ client }: Ports) => `nats://flowctl:${SECRETS.NATS_PASSWORD}@127.0.0.1:${client}`;

configTest("one machine", async (folder) => {
  await using servers = new Servers();
  const at = await ports();
  servers.start(configFor("single.conf", folder, at), {});
  await edgesWork(folder, [url(at), url(at)], {});
  const bus = await openBus({ servers: url(at), name: "check" }, silent);
  const nats = await bus.connected(5_000);
  assert.ok(nats);
  assert.equal(await serverSync(nats.connection, `http://127.0.0.1:${at.monitor}`), "always");
  await bus.close();
  const stranger = await openBus({ servers: `nats://127.0.0.1:${at.client}`, name: "x" }, silent);
  assert.equal(await stranger.connected(500), undefined);
  await stranger.close();
});

configTest("three machines that hold each edge together, and an edge site", async (folder) => {
  await using servers = new Servers();
  const all = [await ports(), await ports(), await ports()];
  const routes = Object.fromEntries(all.map((at, index) => [
    `NATS_ROUTE_${index + 1}`,
    `nats-route://route:${SECRETS.NATS_CLUSTER_PASSWORD}@127.0.0.1:${at.route}`,
  ]));
  for (const [index, at] of all.entries()) {
    servers.start(configFor("cluster.conf", folder, at), { NATS_NAME: `n${index + 1}`, ...routes });
  }
  const hub = `nats-leaf://leaf:${SECRETS.NATS_LEAF_PASSWORD}@127.0.0.1:${all[0]!.leaf}`;
  const site = await ports();
  servers.start(configFor("leaf.conf", folder, site), { NATS_NAME: "site", NATS_HUB: hub });
  await sleep(2_000);
  await edgesWork(folder, [url(site), all.map(url).join(",")], { replicas: 3 });
});
