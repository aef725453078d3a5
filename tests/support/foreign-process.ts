/** Components that somebody else runs: started by the test, reached by flowctl at their address. */

import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import process from "node:process";
import { isListening } from "../../src/foreign/ports.ts";
import type { ComponentSpec, Role } from "../../src/spec/pipeline.ts";
import { processOf } from "./foreign.ts";
import { sleep } from "./flow.ts";

const START_LIMIT_ms = 20_000;

/** How a component is started: what a `ComponentSpec` with a command says. */
export type Program = Pick<ComponentSpec, "env" | "external">;

export interface Serving {
  readonly port: number;
  readonly pid: number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Takes a port that is free now. */
export function somePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" ? address?.port ?? 0 : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when it listens. */
export async function serve(
  { env, external }: Program,
  port: number,
  healthPort: number,
): Promise<Serving> {
  const [program = "", ...args] = external?.command ?? [];
  const child = spawn(program, args, {
    env: { ...process.env, ...env, PORT: `127.0.0.1:${port}`, HEALTH_PORT: String(healthPort) },
    stdio: "ignore",
  });
  const limit = performance.now() + START_LIMIT_ms;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || performance.now() > limit) {
      child.kill("SIGKILL");
      throw new Error(`${program} does not serve`);
    }
    await sleep(10);
  }
  return { port, pid: child.pid ?? 0, kill: (signal) => end(child, signal) };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

/** The same component as a part of a pipeline that only knows where it runs. */
export function endpointOf(
  role: Role,
  id: string,
  inputs: readonly string[],
  endpoint: string,
  healthPort?: number,
): ComponentSpec {
  return processOf(role, id, [], inputs, {}, { external: { endpoint, health_port: healthPort } });
}
