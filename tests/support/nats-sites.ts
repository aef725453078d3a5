/** nats-servers that run with the files of `configs/nats`: a cluster, and a leaf of an edge site. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { findPeer } from "./peers.ts";
import { freePort } from "./server-process.ts";

const CONFIGS = fileURLToPath(new URL("../../configs/nats/", import.meta.url));
export const NATS_SECRETS = {
  NATS_PASSWORD: "pw-a",
  NATS_CLUSTER_PASSWORD: "pw-b",
  NATS_LEAF_PASSWORD: "pw-c",
};

export interface SitePorts {
  readonly client: number;
  readonly monitor: number;
  readonly route: number;
  readonly leaf: number;
}

export interface SiteServer {
  readonly ports: SitePorts;
  readonly url: string;
  start(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface NatsSites extends AsyncDisposable {
  /** Started with this file of `configs/nats`, but for ports, addresses and folders. */
  server(
    config: string,
    folder: string,
    env?: Readonly<Record<string, string>>,
    at?: SitePorts,
  ): Promise<SiteServer>;
}

export async function sitePorts(): Promise<SitePorts> {
  const [client, monitor, route, leaf] = await Promise.all([1, 2, 3, 4].map(() => freePort()));
  return { client: client!, monitor: monitor!, route: route!, leaf: leaf! };
}

function configFor(name: string, folder: string, at: SitePorts): string {
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

export function natsSites(): NatsSites {
  const servers: SiteServer[] = [];
  return {
    async server(name, folder, more, at) {
      const ports = at ?? await sitePorts();
      const env = { ...process.env, ...NATS_SECRETS, ...more };
      const program = findPeer("nats-server")!;
      const config = configFor(name, folder, ports);
      const checked = spawnSync(program, ["-t", "-c", config], { env });
      assert.equal(checked.status, 0, checked.stderr.toString());
      let child: ChildProcess | undefined;
      const server: SiteServer = {
        ports,
        url: `nats://flowctl:${NATS_SECRETS.NATS_PASSWORD}@127.0.0.1:${ports.client}`,
        start: () => void (child = spawn(program, ["-c", config], { env, stdio: "ignore" })),
        async kill() {
          const victim = child;
          child = undefined;
          if (victim === undefined || victim.exitCode !== null) return;
          const ended = new Promise((resolve) => victim.once("exit", resolve));
          victim.kill("SIGKILL");
          await ended;
        },
      };
      server.start();
      servers.push(server);
      return server;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.kill()));
    },
  };
}

/** Three servers that hold every edge together. */
export async function natsCluster(
  sites: NatsSites,
  folder: string,
): Promise<readonly SiteServer[]> {
  const all = [await sitePorts(), await sitePorts(), await sitePorts()];
  const routes = Object.fromEntries(all.map((at, index) => [
    `NATS_ROUTE_${index + 1}`,
    `nats-route://route:${NATS_SECRETS.NATS_CLUSTER_PASSWORD}@127.0.0.1:${at.route}`,
  ]));
  return await Promise.all(
    all.map((at, index) =>
      sites.server("cluster.conf", folder, { NATS_NAME: `n${index + 1}`, ...routes }, at)
    ),
  );
}

/** An edge site whose server reaches the hub's leaf port. */
export function natsLeaf(sites: NatsSites, folder: string, hubPort: number): Promise<SiteServer> {
  return sites.server("leaf.conf", folder, {
    NATS_NAME: "site",
    NATS_HUB: `nats-leaf://leaf:${NATS_SECRETS.NATS_LEAF_PASSWORD}@127.0.0.1:${hubPort}`,
  });
}

/** A cluster elects its leader, and leaves join it. */
export const SETTLE_ms = 2_000;
export const settled = () => sleep(SETTLE_ms);
