/** Runs a command and measures it from its start to its end. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

const POLL_MS = 20;
/** The unit of times in proc(5), the same on every Linux that Bun runs on. */
const CLOCK_TICK_MS = 10;

export interface Measurement {
  readonly wall_ms: number;
  /** Processor time of all its threads, user and system; undefined as for memory. */
  readonly cpu_ms: number | undefined;
  /** Highest resident memory, bytes; undefined where the system does not tell. */
  readonly memory_bytes: number | undefined;
  readonly stdout: string;
}

export async function measure(
  command: readonly [string, ...string[]],
  cwd: string,
): Promise<Measurement> {
  const [program, ...args] = command;
  const started = performance.now();
  // Several at once would each warn that the health port is taken.
  const env = { ...process.env, HEALTH_PORT: "0" };
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  let memory_bytes: number | undefined;
  let cpu_ms: number | undefined;
  const poll = setInterval(() => {
    memory_bytes = peakMemory(child.pid) ?? memory_bytes;
    cpu_ms = processorTime(child.pid) ?? cpu_ms;
  }, POLL_MS);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const wall_ms = performance.now() - started;
    if (status !== 0) throw new Error(`${program} ended with status ${status}: ${stdout}`);
    return { wall_ms, cpu_ms, memory_bytes, stdout };
  } finally {
    clearInterval(poll);
  }
}

/** See proc(5): VmHWM is the highest resident set so far, in kB. Linux only. */
function peakMemory(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** See proc(5): the 14th and 15th fields of stat; the second may have spaces and brackets in it. */
export function processorTime(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(
      Number,
    );
    const ticks = (user ?? 0) + (system ?? 0);
    return ticks > 0 ? ticks * CLOCK_TICK_MS : undefined;
  } catch {
    return undefined;
  }
}
