/** Waits that grow, so that ten thousand clients do not knock on a restarted server at once. */

const FIRST_MS = 500;
const MAX_MS = 30_000;
const FACTOR = 2;

export interface Backoff {
  /** The next wait: between half and the whole of a delay that doubles up to 30 s. */
  next(): number;
  reset(): void;
}

export function createBackoff(random: () => number = Math.random): Backoff {
  let delay = FIRST_MS;
  return {
    next() {
      const wait = delay * (0.5 + random() / 2);
      delay = Math.min(delay * FACTOR, MAX_MS);
      return wait;
    },
    reset() {
      delay = FIRST_MS;
    },
  };
}
