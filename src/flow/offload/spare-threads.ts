/**
 * Threads that outlive a run for the next one. A thread that has worked has its code compiled
 * already; for a backfill, whose chunks are runs of seconds, that is a good part of each.
 */

import type { Thread } from "./pool.ts";

/** How long a thread waits for another run. */
export const SPARE_TIME_ms = 5_000;

/** A thread that can be left without the process waiting for it. */
export interface SpareThread extends Thread {
  /** False: the process may end without it. */
  keepsAlive(keeps: boolean): void;
}

interface Spare {
  readonly thread: SpareThread;
  /** Who has it now. */
  listener: (message: unknown) => void;
  ended: ((reason: string) => void) | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * A function that starts threads, or takes those of earlier runs. What it gives answers each
 * message with one: it is spare when it was ended with nothing left to answer.
 */
export function withSpares(start: () => SpareThread): () => Thread {
  const spares: Spare[] = [];

  function fresh(): Spare {
    const thread = start();
    const one: Spare = { thread, listener: () => {}, ended: undefined, timer: undefined };
    thread.onMessage((message) => one.listener(message));
    thread.onEnd((reason) => {
      const index = spares.indexOf(one);
      if (index >= 0) spares.splice(index, 1);
      clearTimeout(one.timer);
      one.ended?.(reason);
    });
    return one;
  }

  function keep(one: Spare): void {
    one.listener = () => {};
    one.ended = undefined;
    one.thread.keepsAlive(false);
    one.timer = setTimeout(() => one.thread.end(), SPARE_TIME_ms);
    one.timer.unref?.();
    spares.push(one);
  }

  function lend(one: Spare): Thread {
    const listeners: ((message: unknown) => void)[] = [];
    let unanswered = 0;
    let returned = false;
    clearTimeout(one.timer);
    one.thread.keepsAlive(true);
    one.listener = (message) => {
      unanswered -= 1;
      for (const listener of listeners) listener(message);
    };
    return {
      post(message, transfer) {
        unanswered += 1;
        one.thread.post(message, transfer);
      },
      onMessage: (listener) => void listeners.push(listener),
      onEnd: (listener) => void (one.ended = listener),
      end() {
        if (returned) return;
        returned = true;
        if (unanswered === 0) keep(one);
        else one.thread.end();
      },
    };
  }

  return () => lend(spares.pop() ?? fresh());
}
