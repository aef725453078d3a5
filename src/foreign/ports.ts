/** Ports for the components that flowctl starts. */

import { connect, createServer } from "node:net";
import { FlowctlError } from "../spec/errors.ts";
import { claimPort, releaseClaim } from "./port-claim.ts";

/** Where health ports begin; the components of this process take the free ones from here up. */
export const FIRST_HEALTH_PORT = 18_081;
const MAX_PORT = 65_535;
const PROBE_LIMIT_ms = 500;

/** Given out by this process already, whether or not their component listens yet. */
const taken = new Set<number>();

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await bind(0);
    if (port === undefined || taken.has(port)) continue;
    taken.add(port);
    return port;
  }
}

/** The first free port from `FIRST_HEALTH_PORT` up. */
export async function freeHealthPort(): Promise<number> {
  for (let port = FIRST_HEALTH_PORT; port <= MAX_PORT; port += 1) {
    if (taken.has(port) || !claimPort(port)) continue;
    taken.add(port);
    if (await bind(port) !== undefined) return port;
    releasePort(port);
  }
  throw new FlowctlError("component/not-started", "no port is free for a component's health", {
    hint: "Name one with HEALTH_PORT in its env.",
  });
}

export function releasePort(port: number): void {
  taken.delete(port);
  releaseClaim(port);
}

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const bound = address !== null && typeof address === "object" ? address.port : undefined;
      server.close(() => resolve(bound));
    });
  });
}

/** True when something accepts connections there. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.setTimeout(PROBE_LIMIT_ms, () => settle(false));
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

/** `:50051`, `50051` or `host:50051` → 50051; undefined when there is no port in it. */
export function portOf(text: string): number | undefined {
  const digits = /(?:^|:)(\d{1,5})$/.exec(text.trim())?.[1];
  const port = Number(digits);
  return digits !== undefined && port >= 1 && port <= MAX_PORT ? port : undefined;
}
