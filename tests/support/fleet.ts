/** A fleet of real processes on loopback: a server, agents, NATS; each can be killed and resumed. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { flowctl, flowctlCommand } from "./flowctl.ts";
import { freePort } from "./server-process.ts";

const WAIT_ms = 60_000;

export interface FleetProcess {
  readonly name: string;
  readonly running: () => boolean;
  readonly pid: () => number | undefined;
  start(): void;
  /** Resolves when it has ended; SIGKILL, unless another signal is given. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when it ends by itself. */
  ended(): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** Everything that it has logged, over all its starts. */
  log(): string;
}

export interface AgentSetup {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Another address of the server or of NATS: that of a proxy. */
  readonly server?: string;
  readonly nats?: string;
  readonly args?: readonly string[];
  readonly dataDir?: string;
}

export interface FleetServer extends FleetProcess {
  readonly url: string;
  get(path: string): Promise<unknown>;
}

export interface TestFleet extends AsyncDisposable {
  readonly folder: string;
  /** Of the first server, and so is `port`. */
  readonly url: string;
  readonly port: number;
  readonly server: FleetServer;
  /** All of them. Agents and commands know all addresses. */
  readonly servers: readonly FleetServer[];
  agent(setup: AgentSetup): FleetProcess;
  /** Throws what the command said when it fails. */
  apply(yaml: string): Promise<string>;
  cli(...args: readonly string[]): Promise<string>;
  get(path: string): Promise<unknown>;
}

export interface FleetSetup {
  readonly folder: string;
  /** Address of NATS; undefined: none. */
  readonly nats: string | undefined;
  /** Default 2s. */
  readonly grace?: string;
  readonly store?: string;
  /** Default 1; more need a store that they can share. */
  readonly servers?: number;
  /** A module that Bun loads into each process before flowctl. */
  readonly preload?: string;
}

/** Starts its servers and waits until they answer. */
export async function startFleet(setup: FleetSetup): Promise<TestFleet> {
  const { folder } = setup;
  const ports = await Promise.all(Array.from({ length: setup.servers ?? 1 }, () => freePort()));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const processes: FleetProcess[] = [];
  const natsArgs = (nats: string | undefined) => nats === undefined ? [] : ["--nats", nats];

  function createProcess(name: string, args: readonly string[]): FleetProcess {
    const path = join(folder, `${name}.log`);
    let child: ChildProcess | undefined;
    let exit: Promise<number | null> = Promise.resolve(null);
    const created: FleetProcess = {
      name,
      running: () => child !== undefined,
      pid: () => child?.pid,
      start() {
        const [program, ...first] = flowctlCommand();
        const preload = setup.preload === undefined ? [] : ["--preload", setup.preload];
        const started = spawn(program, [...preload, ...first, ...args], {
          cwd: folder,
          env: {
            ...process.env,
            NO_COLOR: "1",
            HEALTH_PORT: "0",
            NATS_URL: "",
            FLOWCTL_HEARTBEAT_INTERVAL: "200ms",
          },
          stdio: ["ignore", "ignore", "pipe"],
        });
        child = started;
        started.stderr.on("data", (chunk) => appendFileSync(path, chunk));
        exit = new Promise((resolve) =>
          started.once("exit", (code) => {
            if (child === started) child = undefined;
            resolve(code);
          })
        );
      },
      async kill(signal = "SIGKILL") {
        child?.kill(signal);
        await exit;
      },
      ended: () => exit,
      signal: (signal) => void child?.kill(signal),
      log: () => existsSync(path) ? readFileSync(path, "utf8") : "",
    };
    processes.push(created);
    return created;
  }

  const storeArgs = setup.store === undefined ? [] : ["--store", setup.store];
  const servers = urls.map((url, index): FleetServer => {
    const name = index === 0 ? "server" : `server-${index + 1}`;
    const started = createProcess(name, [
      "server",
      ...["--listen", new URL(url).host, "--data-dir", join(folder, name)],
      ...["--agent-grace", setup.grace ?? "2s"],
      ...storeArgs,
      ...natsArgs(setup.nats),
    ]);
    const get = async (path: string) => await (await fetch(`${url}${path}`)).json();
    return { ...started, url, get };
  });
  const [server] = servers;
  if (server === undefined) throw new Error("a fleet has a server");
  const all = urls.join(",");
  const cli = async (...args: readonly string[]) => {
    const done = await flowctl([...args, "--server", all], { cwd: folder });
    if (done.status !== 0) throw new Error(`${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  };

  for (const one of servers) {
    one.start();
    await until("it answers", () => fetch(`${one.url}/healthz`).then((answer) => answer.ok));
  }
  return {
    folder,
    url: server.url,
    port: Number(new URL(server.url).port),
    server,
    servers,
    agent({ name, labels = {}, args = [], ...other }) {
      const agent = createProcess(name, [
        "agent",
        ...["--name", name, "--server", other.server ?? all],
        ...["--data-dir", resolve(folder, other.dataDir ?? `agent-${name}`)],
        ...Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
        ...natsArgs(other.nats ?? setup.nats),
        ...args,
      ]);
      agent.start();
      return agent;
    },
    apply(yaml) {
      const file = join(folder, "applied.yaml");
      writeFileSync(file, yaml);
      return cli("apply", "-f", file);
    },
    cli,
    get: server.get,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((one) => one.kill()));
    },
  };
}

/** Waits until it is true; a condition that throws is not true yet. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit_ms: number = WAIT_ms,
): Promise<void> {
  const started = performance.now();
  const limit = started + limit_ms;
  for (;;) {
    try {
      if (await condition()) {
        // With FLEET_LOG set, tests say how long they waited for what.
        if (process.env["FLEET_LOG"] !== undefined) {
          console.log(`${Math.round(performance.now() - started)} ms: ${what}`);
        }
        return;
      }
    } catch {
      // Not yet.
    }
    if (performance.now() > limit) throw new Error(`not within ${limit_ms} ms: ${what}`);
    await sleep(50);
  }
}

export function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

export interface ServiceSeen {
  readonly service_id: string;
  readonly component_id: string;
  readonly is_healthy: boolean;
  readonly status: string;
  readonly work: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export async function servicesOf(fleet: TestFleet): Promise<readonly ServiceSeen[]> {
  const { services } = await fleet.get("/api/services") as { services: readonly ServiceSeen[] };
  return services;
}
