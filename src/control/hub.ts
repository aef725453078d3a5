/**
 * One writer, many watchers. A watcher that cannot keep up never slows the writer and never grows
 * without bound: beyond its limit it is told that it lagged, and starts from a fresh snapshot.
 */

/** Items that may wait for one watcher. */
export const WATCH_BACKLOG = 1_024;

export type Watched<T> = { readonly item: T } | { readonly lagged: true };

export interface Hub<T> {
  publish(item: T): void;
  /** Ends when the signal fires or the hub closes. */
  watch(signal: AbortSignal, wanted?: (item: T) => boolean): AsyncIterable<Watched<T>>;
  readonly watchers: number;
  close(): void;
}

interface Watcher<T> {
  readonly backlog: T[];
  readonly wanted: (item: T) => boolean;
  lagged: boolean;
  wake: () => void;
}

export function createHub<T>(): Hub<T> {
  const watchers = new Set<Watcher<T>>();
  let closed = false;

  async function* follow(watcher: Watcher<T>, signal: AbortSignal): AsyncGenerator<Watched<T>> {
    try {
      while (!signal.aborted && !closed) {
        if (watcher.lagged) {
          watcher.lagged = false;
          yield { lagged: true };
        } else if (watcher.backlog.length > 0) {
          for (const item of watcher.backlog.splice(0)) yield { item };
        } else {
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
      }
    } finally {
      watchers.delete(watcher);
    }
  }

  /** It watches from the call on, not from the first read: nothing falls between a list and it. */
  function watch(
    signal: AbortSignal,
    wanted: (item: T) => boolean = () => true,
  ): AsyncIterable<Watched<T>> {
    const watcher: Watcher<T> = { backlog: [], wanted, lagged: false, wake: () => {} };
    watchers.add(watcher);
    signal.addEventListener("abort", () => {
      watchers.delete(watcher);
      watcher.wake();
    }, { once: true });
    return follow(watcher, signal);
  }

  return {
    publish(item) {
      for (const watcher of watchers) {
        if (!watcher.wanted(item)) continue;
        if (watcher.backlog.length >= WATCH_BACKLOG) {
          watcher.backlog.length = 0;
          watcher.lagged = true;
        } else if (!watcher.lagged) {
          watcher.backlog.push(item);
        }
        watcher.wake();
      }
    },
    watch,
    get watchers() {
      return watchers.size;
    },
    close() {
      closed = true;
      for (const watcher of watchers) watcher.wake();
    },
  };
}
