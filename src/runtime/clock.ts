/** Time as an interface, so that what depends on it can be shown to survive a clock that jumps. */

export interface Clock {
  /** Wall time, Unix ms: for people and for records; it may jump. */
  now(): number;
  /** Ms from some fixed instant: for every TTL, lease and interval; it never jumps. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
