/** Times, 64-bit integers and texts by name, as JSON has them. */

import * as v from "valibot";

// What RFC 3339 can say; a client's clock may be anywhere.
const FIRST_MS = Date.parse("0001-01-01T00:00:00Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59Z");

/** Unix ms as RFC 3339 text, UTC. */
export function timeText(ms: number): string {
  return new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString();
}

export const timeSchema = v.pipe(v.string(), v.isoTimestamp());
/** A 64-bit integer as text of all its digits: JSON readers round numbers above 2^53. */
export const int64Schema = v.pipe(v.string(), v.regex(/^-?\d+$/));
export const textMap = v.record(v.string(), v.string());
