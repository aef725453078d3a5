/** A server as a child process on a free loopback port, gone with the test. */

import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_LIMIT_MS = 20_000;
const POLL_MS = 50;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
}

/** Starts it and waits until its port answers; `args` gets the port. */
export async function startServer(
  program: string,
  args: (port: number) => readonly string[],
): Promise<ServerProcess> {
  const port = await freePort();
  const child: ChildProcess = spawn(program, args(port), { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (chunk) => said = (said + chunk).slice(-2000));
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const limit = performance.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > limit) {
      child.kill("SIGKILL");
      throw new Error(`${program} did not start: ${said}`);
    }
    await sleep(POLL_MS);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
