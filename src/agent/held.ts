/** What an agent goes on with when its control plane comes back with another store. */

import type { Assignment, Assignments } from "./assignment.ts";

/**
 * A store that lost its memory knows nothing of what it once told: that it does not name a pipeline
 * is no word to stop it. True for what another store assigned.
 */
export function isHeld({ store }: Assignment, current: string): boolean {
  // A server of a release before this does not say which store it has.
  return current !== "" && store !== undefined && store !== "" && store !== current;
}

/** What was heard, and beside it what another store assigned and this one has not decided on. */
export function withHeld(before: readonly Assignment[], heard: Assignments): readonly Assignment[] {
  const { assignments, store, released } = heard;
  const decided = new Set([...assignments.map(({ pipeline }) => pipeline), ...released]);
  const held = before.filter((one) => isHeld(one, store) && !decided.has(one.pipeline));
  return [...assignments, ...held];
}
