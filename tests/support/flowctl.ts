/** Runs flowctl as its users do: as a process. */

import { type ChildProcess, spawn } from "node:child_process";

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How long a command of a test may take before it is killed. */
const LIMIT_MS = 90_000;

export interface Finished {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsed_ms: number;
}

export interface StartOptions {
  /** Working directory; relative paths of the pipeline start there. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limit_ms?: number;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/**
 * The sources under the runtime that runs the tests, or the program in FLOWCTL_BINARY, so that the
 * same tests judge the compiled binary.
 */
export function flowctlCommand(): readonly [string, ...string[]] {
  const binary = process.env["FLOWCTL_BINARY"];
  if (binary !== undefined && binary !== "") return [join(ROOT, binary)];
  const main = join(ROOT, "src/main.ts");
  return "Deno" in globalThis
    ? [process.execPath, "run", "--allow-all", "--no-prompt", main]
    : [process.execPath, main];
}

export function startFlowctl(args: readonly string[], options: StartOptions): Started {
  const [program, ...first] = flowctlCommand();
  const started = performance.now();
  const child = spawn(program, [...first, ...args], {
    cwd: options.cwd,
    // Several at once would each warn that the health port is taken.
    env: { ...process.env, NO_COLOR: "1", HEALTH_PORT: "0", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), options.limit_ms ?? LIMIT_MS);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => void (output[name] += text));
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => {
      clearTimeout(timer);
      resolve({ status, ...output, elapsed_ms: performance.now() - started });
    });
  });
  return { child, finished };
}

export function flowctl(args: readonly string[], options: StartOptions): Promise<Finished> {
  return startFlowctl(args, options).finished;
}
