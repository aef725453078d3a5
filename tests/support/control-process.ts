/** `flowctl server` as a process, and what the system says of its time and memory (Linux). */

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startFlowctl } from "./flowctl.ts";

export interface ControlProcess {
  readonly pid: number;
  /** kill -9. */
  kill(): void;
}

const START_LIMIT_MS = 20_000;
/** Longer than any measurement. */
const PROCESS_LIMIT_MS = 3_600_000;
const CLOCK_TICKS_PER_SECOND = 100;

/** Resolves when it answers. Its store is in the folder. */
export async function startControlServer(folder: string, port: number): Promise<ControlProcess> {
  const args = ["--log-level", "error", "server", "--listen", `127.0.0.1:${port}`];
  const { child, finished } = startFlowctl([...args, "--data-dir", folder], {
    cwd: folder,
    limit_ms: PROCESS_LIMIT_MS,
  });
  let ended = false;
  finished.then(({ stderr }) => {
    ended = true;
    if (stderr !== "") console.error(stderr.slice(0, 2_000));
  });
  const deadline = performance.now() + START_LIMIT_MS;
  while (!ended && performance.now() < deadline) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz`).then((r) => r.ok, () => false);
    if (up && child.pid !== undefined) return { pid: child.pid, kill: () => child.kill("SIGKILL") };
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new Error("the server did not start");
}

/** Of Linux: fields 14 and 15 of /proc/PID/stat, proc(5). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

/** Resident bytes. */
export function memoryBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1_024;
}
