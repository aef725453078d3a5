/**
 * How long a component that has counted an event as processed, but neither as done nor as failed,
 * is given before the event is taken for filtered.
 *
 * Usually that count is the last thing before the outcome, and microseconds pass. Some components
 * count when they begin: what their answers took, seen from the count, says how long to wait.
 */

export const MIN_QUIET_ms = 50;
/** Before enough has been seen of the component. */
export const FIRST_QUIET_ms = 500;
/** As many times the longest time that an outcome was seen to come after the count. */
export const QUIET_FACTOR = 4;
/** Outcomes after which the component is known. */
const ANSWERS = 3;
const EMPTIES = 10;

export interface Patience {
  /** An answer or a failure came, so long after the count was first seen to grow. */
  came(lag_ms: number): void;
  /** An event was taken for filtered. */
  empty(): void;
  quiet_ms(): number;
}

export function createPatience(): Patience {
  let longest_ms = 0;
  let answers = 0;
  let empties = 0;
  return {
    came(lag_ms) {
      answers += 1;
      longest_ms = Math.max(longest_ms, lag_ms);
    },
    empty() {
      empties += 1;
    },
    quiet_ms() {
      const known = answers >= ANSWERS || empties >= EMPTIES;
      return Math.max(known ? MIN_QUIET_ms : FIRST_QUIET_ms, QUIET_FACTOR * longest_ms);
    },
  };
}
