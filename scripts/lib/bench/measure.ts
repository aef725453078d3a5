/** Runs a command and measures it from its start to its end. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const MEMORY_POLL_MS = 20;

export interface Measurement {
  readonly wall_ms: number;
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
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let memory_bytes: number | undefined;
  const poll = setInterval(() => {
    memory_bytes = peakMemory(child.pid) ?? memory_bytes;
  }, MEMORY_POLL_MS);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const wall_ms = performance.now() - started;
    if (status !== 0) throw new Error(`${program} ended with status ${status}: ${stdout}`);
    return { wall_ms, memory_bytes, stdout };
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
