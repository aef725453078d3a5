/**
 * Tells systemd that the server is ready, alive and stopping. Its socket takes datagrams, which
 * this runtime cannot send; `systemd-notify` can, so the unit needs `NotifyAccess=all`.
 */

import { execFile } from "node:child_process";
import type { Logger } from "../../flow/component.ts";

const NOTIFY = "systemd-notify";
const NOTIFY_TIMEOUT_MS = 5_000;

export interface Supervisor {
  /** Says that it is ready, and from then on that it is alive. */
  ready(status: string): Promise<void>;
  stopping(): Promise<void>;
}

/** Without NOTIFY_SOCKET, nobody supervises and nothing is done. */
export function createSupervisor(
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Supervisor {
  if ((env["NOTIFY_SOCKET"] ?? "") === "") {
    return { ready: () => Promise.resolve(), stopping: () => Promise.resolve() };
  }
  const interval_ms = watchdogIntervalMs(env);
  let timer: ReturnType<typeof setInterval> | undefined;
  let warned = false;
  const tell = (...args: readonly string[]) =>
    new Promise<void>((resolve) => {
      execFile(NOTIFY, [...args], { timeout: NOTIFY_TIMEOUT_MS }, (error) => {
        if (error !== null && !warned) {
          warned = true;
          log.warn("systemd could not be told", { error: error.message });
        }
        resolve();
      });
    });
  return {
    async ready(status) {
      // The process that calls ends at once: without --pid systemd would take it for the server.
      await tell("--ready", `--pid=${process.pid}`, `--status=${status}`);
      if (interval_ms === undefined) return;
      timer = setInterval(() => void tell("WATCHDOG=1"), interval_ms);
      timer.unref();
    },
    async stopping() {
      clearInterval(timer);
      await tell("STOPPING=1");
    },
  };
}

/** Half of what systemd waits (WATCHDOG_USEC); undefined: it does not watch this process. */
export function watchdogIntervalMs(
  env: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"] ?? "");
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  const of = env["WATCHDOG_PID"];
  if (of !== undefined && of !== "" && of !== String(process.pid)) return undefined;
  return Math.max(1, Math.floor(microseconds / 2_000));
}
