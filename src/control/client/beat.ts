/**
 * A loop that tells a control plane something regularly: again after an interval, sooner when there
 * is news, later and later while nobody answers, and once more at the end.
 */

import { createBackoff } from "./backoff.ts";
import { isUnknownToServer } from "./endpoint.ts";
import type { Link } from "./link.ts";

/** What the last turn may take before the process goes on to end. */
export const STOP_TIMEOUT_MS = 2_000;

export interface Beat {
  /** There is news. While nobody answers, it waits for the backoff all the same. */
  wake(): void;
  /** One more turn if it can within 2 s, then the end. Safe to repeat. */
  stop(): Promise<void>;
}

export interface BeatOptions {
  readonly link: Link;
  readonly interval_ms: number;
  /**
   * Tells what there is to tell; the signal fires when the time for it is up. Resolves to false
   * when there was nothing, so that nobody was called.
   */
  turn(signal: AbortSignal): Promise<boolean | void>;
  /** The control plane does not know us any more: the next turn begins from the start. */
  forgotten(): void;
}

/** Begins at once, in the background; `turn` may fail as it likes. */
export function startBeat({ link, interval_ms, turn, forgotten }: BeatOptions): Beat {
  const backoff = createBackoff();
  const timeUp = new AbortController();
  let stopped = false;
  let reached = true;
  let news = false;
  let rouse: () => void = () => {};

  /** Returns how long to wait before the next turn. */
  async function once(): Promise<number> {
    // A server that lost its memory: tell anew at once, but not in a circle.
    for (let attempt = 0;; attempt++) {
      const [misses, reaches] = [link.misses, link.reaches];
      try {
        news = false;
        if (await turn(timeUp.signal) === false) return interval_ms;
        reached = true;
        backoff.reset();
        link.reached(misses);
        return interval_ms;
      } catch (error) {
        if (isUnknownToServer(error)) {
          forgotten();
          if (attempt === 0) continue;
        }
        reached = false;
        link.missed(error, reaches);
        return backoff.next();
      }
    }
  }

  async function pause(wait_ms: number): Promise<void> {
    if (stopped || (news && reached)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    rouse = () => {};
  }

  async function loop(): Promise<void> {
    while (!stopped) await pause(await once());
    await once();
  }

  // Whoever of this process gets through first tells the others.
  const release = link.onChange((connected) => {
    if (connected && !reached) rouse();
  });
  const ended = loop().finally(release);
  return {
    wake() {
      news = true;
      if (reached) rouse();
    },
    async stop() {
      if (!stopped) {
        stopped = true;
        setTimeout(() => timeUp.abort(), STOP_TIMEOUT_MS).unref();
        rouse();
      }
      await ended;
    },
  };
}
