/** Worker threads, the same in Bun, Deno and Node. */

import { parentPort, Worker } from "node:worker_threads";
import type { Transferable } from "node:worker_threads";

/** A thread as the one that started it sees it. */
export interface Thread {
  /** Messages are copied as by `structuredClone`; what is in `transfer` changes hands. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the thread has ended for whatever reason; `reason` is for people. */
  onEnd(listener: (reason: string) => void): void;
  /** Ends it at once. Safe to repeat. */
  end(): void;
  /** Whether the process lives as long as the thread does; it does at first. */
  keepsAlive(keeps: boolean): void;
}

/** Starts a thread that runs the module at `entry`. */
export function startThread(entry: URL): Thread {
  const worker = new Worker(entry);
  let reason: string | undefined;
  worker.on("error", (error: unknown) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transferable(transfer)),
    onMessage: (listener) => void worker.on("message", listener),
    onEnd: (listener) =>
      void worker.once("exit", (code: number) => listener(reason ?? `exit status ${code}`)),
    end: () => void worker.terminate(),
    keepsAlive: (keeps) => keeps ? worker.ref() : worker.unref(),
  };
}

/** The other side: the thread that runs a module. */
export interface ThreadPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Throws on the main thread, which has none. */
export function threadPort(): ThreadPort {
  const port = parentPort;
  if (port === null) throw new Error("this is the main thread");
  return {
    post: (message, transfer = []) => port.postMessage(message, transferable(transfer)),
    onMessage: (listener) => void port.on("message", listener),
  };
}

function transferable(buffers: readonly ArrayBuffer[]): Transferable[] {
  return [...buffers];
}
