/** A real nats-server on loopback, with JetStream on a folder of its own, that can be killed. */

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findPeer, peerMissing } from "./peers.ts";
import { freePort } from "./server-process.ts";

export const natsMissing = peerMissing("nats-server");

export interface NatsServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly monitor: string;
  readonly running: () => boolean;
  start(): Promise<void>;
  /** SIGKILL, unless another signal is given; the folder stays. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface NatsOptions {
  readonly folder: string;
  /** More lines of the configuration. */
  readonly config?: string;
  readonly max_payload?: number;
  /** Default "always". */
  readonly sync?: string;
  readonly max_file?: string;
}

const START_LIMIT_ms = 10_000;

export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const { folder, config = "", max_payload = 1024 * 1024, sync = "always" } = options;
  const port = await freePort();
  const monitorPort = await freePort();
  const file = join(folder, `nats-${port}.conf`);
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"
http: "127.0.0.1:${monitorPort}"
max_payload: ${max_payload}
jetstream { store_dir: ${JSON.stringify(join(folder, `js-${port}`))}, sync_interval: ${
      JSON.stringify(sync)
    }, max_file: ${options.max_file ?? "8GB"} }
${config}
`,
  );
  let child: ChildProcess | undefined;
  let said = "";

  async function start(): Promise<void> {
    const program = findPeer("nats-server");
    if (program === undefined) throw new Error("nats-server is missing");
    const started = spawn(program, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    child = started;
    started.stderr?.on("data", (chunk) => said = (said + chunk).slice(-3000));
    const limit = performance.now() + START_LIMIT_ms;
    while (!(await greets(port))) {
      if (started.exitCode !== null || performance.now() > limit) {
        throw new Error(`nats-server did not start: ${said}`);
      }
      await sleep(20);
    }
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const killed = child;
    child = undefined;
    if (killed === undefined || killed.exitCode !== null) return;
    const ended = new Promise((resolve) => killed.once("exit", resolve));
    killed.kill(signal);
    await ended;
  }

  await start();
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    monitor: `http://127.0.0.1:${monitorPort}`,
    running: () => child !== undefined,
    start,
    kill,
    [Symbol.asyncDispose]: () => kill(),
  };
}

/** A server that is ready says INFO first. */
async function greets(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.setTimeout(500, () => settle(false));
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
