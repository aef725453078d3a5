/** Following a stream of a control plane for as long as the user wants to look. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createBackoff } from "../../control/client/backoff.ts";
import { EXIT_DONE, FlowctlError } from "../../spec/errors.ts";
import type { ServerClient } from "../client/server-client.ts";
import { onSignals } from "../signals.ts";

export interface FollowOptions<T> {
  readonly server: ServerClient;
  /** Opens the stream; `again` when it was lost before. */
  open(signal: AbortSignal, again: boolean): AsyncIterable<T>;
  /** Returns true when enough was seen. */
  on(item: T): boolean | void | Promise<boolean | void>;
}

/**
 * Follows until Ctrl-C, the stream's own end, or enough. A connection that is lost is made again;
 * the first failure, or a refusal, is thrown.
 */
export async function follow<T>({ server, open, on }: FollowOptions<T>): Promise<void> {
  const stopped = new AbortController();
  const release = onSignals({ stop: () => stopped.abort(), abort: () => process.exit(130) });
  process.stdout.once("error", endQuietly);
  const backoff = createBackoff();
  let connected = false;
  try {
    while (!stopped.signal.aborted) {
      try {
        for await (const item of server.stream(open(stopped.signal, connected))) {
          connected = true;
          backoff.reset();
          if (await on(item) === true) return;
        }
        return;
      } catch (error) {
        if (stopped.signal.aborted) return;
        const lost = error instanceof FlowctlError && error.retryable;
        if (!lost || !connected) throw error;
        process.stderr.write(`${error.message}; trying again\n`);
        await sleep(backoff.next(), undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  } finally {
    release();
    process.stdout.off("error", endQuietly);
    stopped.abort();
  }
}

/** Who reads the output (`| head`) has had enough. */
export function endQuietly(): void {
  process.exit(EXIT_DONE);
}
