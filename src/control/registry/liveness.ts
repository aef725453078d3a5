/**
 * When a silent component counts as unhealthy.
 *
 * Clients keep their own heartbeat interval and tell nobody: components built with the Go SDK beat
 * every 30 s, which is the default TTL itself. So the TTL follows the interval that was seen.
 */

/** What a component that beats every 10 s gets. */
export const DEFAULT_TTL_MS = 30_000;
/** Before its second sign of life nobody knows its interval yet. */
export const UNKNOWN_INTERVAL_TTL_MS = 2 * DEFAULT_TTL_MS;
/** A component may miss two beats. */
const MISSED_BEATS = 3;
/** An interval beyond an hour is a pause, not a pace. */
const MAX_INTERVAL_MS = 3_600_000;
const GAPS_KEPT = 5;

export interface Pace {
  /** Gaps between the last signs of life, newest last; at most 5. */
  readonly gaps: readonly number[];
  /** Interval that it announced or that was seen; 0: not known yet. */
  readonly interval_ms: number;
  readonly ttl_ms: number;
}

/** The pace of a component that has only registered; `announcedMs` from its metadata, else 0. */
export function firstPace(announcedMs: number): Pace {
  return announcedMs > 0
    ? { gaps: [], interval_ms: announcedMs, ttl_ms: ttlOf(announcedMs) }
    : { gaps: [], interval_ms: 0, ttl_ms: UNKNOWN_INTERVAL_TTL_MS };
}

/**
 * The pace after one more beat. The upper median of the last gaps, so that one late beat does not
 * stretch the TTL, nor a burst of retries shrink it.
 */
export function nextPace(pace: Pace, gapMs: number): Pace {
  const gaps = [...pace.gaps.slice(1 - GAPS_KEPT), Math.min(gapMs, MAX_INTERVAL_MS)];
  const sorted = gaps.toSorted((a, b) => a - b);
  const interval = sorted[Math.floor(sorted.length / 2)]!;
  return { gaps, interval_ms: interval, ttl_ms: ttlOf(interval) };
}

function ttlOf(intervalMs: number): number {
  return Math.max(DEFAULT_TTL_MS, Math.ceil(intervalMs * MISSED_BEATS));
}
