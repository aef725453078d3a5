/** A stellar-core that runs as our child and writes its ledgers to file descriptor 3. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Logger } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";

export interface CoreCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface CoreProcess {
  readonly pid: number | undefined;
  /** What comes out of file descriptor 3. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Resolves when it has ended. Throws `source/exited` when it could not be started. */
  ended(): Promise<CoreExit>;
  /** SIGTERM, and SIGKILL when that does not help in time. */
  stop(timeout_ms: number): Promise<void>;
}

export interface CoreExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it said. */
  readonly lastLines: readonly string[];
}

const META_FD = 3;
const KEPT_LINES = 20;
const MAX_LINE_CHARACTERS = 2000;

export function startCore({ program, args, cwd, env }: CoreCommand, log: Logger): CoreProcess {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env },
  });
  const lastLines: string[] = [];
  for (const output of [child.stdout, child.stderr]) keepLines(output, lastLines, log);
  const exit = exitOf(child, program, lastLines);
  // Whoever waits for it hears of it; nobody may.
  exit.catch(() => {});

  return {
    pid: child.pid,
    stream: metaOf(child),
    ended: () => exit,
    async stop(timeout_ms) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      signalTo(child.pid, "SIGTERM");
      const timer = setTimeout(() => signalTo(child.pid, "SIGKILL"), timeout_ms);
      await exit.finally(() => clearTimeout(timer)).catch(() => {});
    },
  };
}

/** `child.kill` sends no second signal on every runtime. */
function signalTo(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

async function* metaOf(child: ChildProcess): AsyncGenerator<Uint8Array> {
  const stream = child.stdio[META_FD] as Readable | null | undefined;
  if (stream === null || stream === undefined) return;
  yield* stream;
}

function exitOf(
  child: ChildProcess,
  program: string,
  lastLines: readonly string[],
): Promise<CoreExit> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      reject(
        new FlowctlError("source/exited", `${program} cannot be started: ${error.message}`, {
          hint: "Check config.binary_path and that the file may be executed.",
          cause: error,
        }),
      );
    });
    // After "close" the last lines have been read; "exit" may come before them.
    child.once("close", (code, signal) => resolve({ code, signal, lastLines }));
  });
}

function keepLines(output: Readable | null, kept: string[], log: Logger): void {
  if (output === null) return;
  createInterface({ input: output, crlfDelay: Infinity }).on("line", (line) => {
    const text = line.slice(0, MAX_LINE_CHARACTERS);
    kept.push(text);
    if (kept.length > KEPT_LINES) kept.shift();
    log.debug("stellar-core", { line: text });
  });
}

/** "status 1" or "signal SIGKILL", with what it said last. */
export function describeExit({ code, signal, lastLines }: CoreExit): string {
  const how = signal === null ? `status ${code}` : `signal ${signal}`;
  const said = lastLines.slice(-3).join(" | ");
  return said === "" ? `${how}; it said nothing` : `${how}; it said: ${said}`;
}
