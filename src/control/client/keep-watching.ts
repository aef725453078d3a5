/** A stream of the control plane that is opened again, with backoff, whenever it ends. */

import { createBackoff } from "./backoff.ts";
import type { Link } from "./link.ts";

export interface WatchOptions<T> {
  readonly link: Link;
  open(signal: AbortSignal): AsyncIterable<T>;
  on(item: T): void;
}

/** Begins at once; returns how to stop. It neither warns nor throws: heartbeats do the warning. */
export function keepWatching<T>({ link, open, on }: WatchOptions<T>): () => void {
  const backoff = createBackoff();
  const stopped = new AbortController();
  let stream = new AbortController();
  let rouse: () => void = () => {};

  // A peer that vanished without a word leaves its stream open: what calls find out counts here too.
  const release = link.onChange((connected) => {
    if (connected) rouse();
    else stream.abort();
  });

  async function follow(): Promise<void> {
    stream = new AbortController();
    const signal = AbortSignal.any([stopped.signal, stream.signal]);
    for await (const item of open(signal)) {
      backoff.reset();
      on(item);
    }
  }

  async function loop(): Promise<void> {
    while (!stopped.signal.aborted) {
      await follow().catch(() => undefined);
      if (stopped.signal.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, backoff.next());
        rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      rouse = () => {};
    }
  }

  void loop();
  return () => {
    release();
    stopped.abort();
    rouse();
  };
}
