/** One start of a component's program: a process group of its own that does not outlive flowctl. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import type { Env } from "./child-env.ts";
import type { ChildLog } from "./child-log.ts";

/** For what it printed last to be read; longer only where another program holds its output open. */
const OUTPUT_GRACE_ms = 200;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Set when the program could not be started at all. */
  readonly error: Error | undefined;
}

export interface Child {
  /** Resolves once it has ended and what it printed is in the log; never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM to its process group, and SIGKILL when it has not ended after the grace. */
  stop(grace_ms: number): Promise<void>;
}

export function startChild(command: readonly string[], env: Env, log: ChildLog): Child {
  const child = spawned(command, env);
  if (child instanceof Error) return neverStarted(child);
  const guard = child.pid === undefined ? undefined : guardAgainstOrphans(child.pid);
  let ended = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", (error) => {
      if (child.pid !== undefined) return;
      ended = true;
      resolve({ code: null, signal: null, error });
    });
    child.once("exit", (code, signal) => {
      ended = true;
      guard?.kill("SIGKILL");
      // What its program started itself would go on holding its ports.
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      // Node tells of the end before it has read all that was printed.
      const settle = () => {
        clearTimeout(timer);
        resolve({ code, signal, error: undefined });
      };
      const timer = setTimeout(settle, OUTPUT_GRACE_ms);
      child.once("close", settle);
    });
  });
  log.follow(child.stdout);
  log.follow(child.stderr);

  return {
    exited,
    async stop(grace_ms) {
      if (ended || child.pid === undefined) return;
      signalGroup(child.pid, "SIGTERM");
      const timer = setTimeout(() => {
        if (!ended && child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      }, grace_ms);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Bun throws where others tell with an event, for a file of another machine's format for example. */
function spawned(command: readonly string[], env: Env) {
  const [program = "", ...args] = command;
  try {
    // In a group of its own a Ctrl-C at the terminal does not reach it: flowctl drains first.
    return spawn(program, args, {
      env: { ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function neverStarted(error: Error): Child {
  return {
    exited: Promise.resolve({ code: null, signal: null, error }),
    stop: () => Promise.resolve(),
  };
}

/** The group is the child's own: `detached` made it the leader of a new one. */
function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

/**
 * A shell that waits on a pipe whose other end only flowctl holds. However flowctl ends, `kill -9`
 * included, the pipe closes, and the shell kills the child's group.
 */
function guardAgainstOrphans(pid: number): ChildProcess | undefined {
  if (process.platform === "win32") return undefined;
  const script = 'read -r _; kill -9 "-$0" 2>/dev/null';
  const guard = spawn("/bin/sh", ["-c", script, String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.once("error", () => {});
  guard.stdin?.on("error", () => {});
  guard.unref();
  return guard;
}
