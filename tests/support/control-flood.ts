/**
 * One peer that registers ten thousand times a second and never heeds a refusal, one that beats as
 * it should from another address, and a server, each in a process of its own.
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuSeconds, memoryBytes, startControlServer } from "./control-process.ts";
import { quantile } from "./control-load.ts";
import { startHeart } from "./heart.ts";
import { freePort } from "./server-process.ts";
import { temporaryFolder } from "./temporary.ts";

export interface FloodOptions {
  readonly per_second: number;
  readonly connections: number;
  readonly seconds: number;
  /** Addresses of loopback that it comes from. Default: one. */
  readonly addresses?: number;
}

export interface FloodResult {
  /** Registrations that the flood sent, and that took a place in the registry. */
  readonly sent: number;
  readonly let_in: number;
  readonly bystander_beats: number;
  readonly bystander_failures: number;
  readonly bystander_p50_ms: number;
  readonly bystander_p99_ms: number;
  /** The same before the flood. */
  readonly quiet_p99_ms: number;
  readonly server_cores: number;
  readonly server_memory_bytes: number;
}

const PEER = fileURLToPath(new URL("control-flood-peer.ts", import.meta.url));
const BYSTANDER_ADDRESS = "127.0.0.2";
const FLOOD_ADDRESSES = "127.0.1.";
const QUIET_MS = 2_000;

export async function measureFlood(options: FloodOptions): Promise<FloodResult> {
  using folder = temporaryFolder();
  const port = await freePort();
  const server = await startControlServer(folder.path, port);
  const heart = await startHeart({ port, from: BYSTANDER_ADDRESS });
  try {
    await sleep(QUIET_MS);
    const quiet = heart.take();
    const cpu = cpuSeconds(server.pid);
    const begin = performance.now();
    const { sent } = await flood(port, options);
    const elapsed_s = (performance.now() - begin) / 1_000;
    const server_cores = (cpuSeconds(server.pid) - cpu) / elapsed_s;
    const beats = heart.take();
    return {
      sent,
      let_in: await countServices(port) - 1,
      bystander_beats: beats.length,
      bystander_failures: heart.failures(),
      bystander_p50_ms: quantile(beats, 0.5),
      bystander_p99_ms: quantile(beats, 0.99),
      quiet_p99_ms: quantile(quiet, 0.99),
      server_cores,
      server_memory_bytes: memoryBytes(server.pid),
    };
  } finally {
    await heart.stop();
    server.kill();
  }
}

async function flood(port: number, options: FloodOptions): Promise<{ readonly sent: number }> {
  const args = [port, options.per_second, options.connections, options.seconds].map(String);
  const addresses = Array.from(
    { length: options.addresses ?? 1 },
    (_, n) => `${FLOOD_ADDRESSES}${n + 1}`,
  );
  const runtime = "Deno" in globalThis ? ["run", "--allow-all"] : [];
  const child = spawn(process.execPath, [...runtime, PEER, ...args, addresses.join(",")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (output += text));
  await new Promise((resolve) => child.once("close", resolve));
  return JSON.parse(output) as { readonly sent: number };
}

async function countServices(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics?services=false`);
  const counts = (await answer.text()).matchAll(/^flowctl_services\{[^}]*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}
