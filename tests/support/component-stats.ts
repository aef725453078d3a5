/** What a run tells of a component that has done nothing yet, for tests of what shows it. */

import type { ComponentStats } from "../../src/flow/stats.ts";

export function componentStats(over: Partial<ComponentStats>): ComponentStats {
  return {
    id: "lake",
    role: "source",
    type: "galexie",
    state: "running",
    ledgers: 0,
    events_in: 0,
    events_out: 0,
    bytes: 0,
    errors: 0,
    retries: 0,
    dead_lettered: 0,
    skipped: 0,
    last_sequence: undefined,
    committed: {},
    queue: 0,
    queue_limit: 16,
    busy_ms: 0,
    meters: {},
    ...over,
  };
}
