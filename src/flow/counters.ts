/** What the runner counts of a component: plain numbers, added to once per batch. */

import type { ComponentSpec } from "../spec/pipeline.ts";
import type { Batch, NodeFacts } from "./batch.ts";
import { countRows } from "./batch.ts";
import type { Meter } from "./component.ts";
import type { ComponentStats } from "./stats.ts";

export interface Counters {
  readonly meter: Meter;
  setState(state: ComponentStats["state"]): void;
  /** One batch done: what came in (undefined for a source), what went out (for a sink). */
  finished(input: Batch | undefined, output: Batch | undefined): void;
  /** One batch done by a worker thread. */
  tookOver(sequence: number, facts: NodeFacts): void;
  busy(milliseconds: number): void;
  failed(): void;
  retried(): void;
  deadLettered(events: number): void;
  skipped(events: number): void;
  committed(source: string, sequence: number): void;
  stats(queue: number, queue_limit: number): ComponentStats;
}

export function createCounters(spec: ComponentSpec): Counters {
  const meters: Record<string, number> = {};
  const committed: Record<string, number> = {};
  let state: ComponentStats["state"] = "starting";
  let ledgers = 0;
  let events_in = 0;
  let events_out = 0;
  let bytes = 0;
  let errors = 0;
  let retries = 0;
  let dead_lettered = 0;
  let skipped = 0;
  let busy_ms = 0;
  let last_sequence: number | undefined;

  return {
    meter: {
      add: (name, amount) => void (meters[name] = (meters[name] ?? 0) + amount),
      set: (name, value) => void (meters[name] = value),
    },
    setState: (next) => void (state = next),
    finished(input, output) {
      ledgers += 1;
      if (input !== undefined) events_in += countRows(input);
      if (output !== undefined) events_out += countRows(output);
      bytes += (input ?? output)?.bytes ?? 0;
      last_sequence = (input ?? output)?.sequence;
    },
    tookOver(sequence, facts) {
      ledgers += 1;
      events_in += facts.events_in;
      events_out += facts.events_out;
      bytes += facts.bytes_in;
      busy_ms += facts.busy_ms;
      last_sequence = sequence;
    },
    busy: (milliseconds) => void (busy_ms += milliseconds),
    failed: () => void (errors += 1),
    retried: () => void (retries += 1),
    deadLettered: (events) => void (dead_lettered += events),
    skipped: (events) => void (skipped += events),
    committed: (source, sequence) => void (committed[source] = sequence),
    stats: (queue, queue_limit) => ({
      id: spec.id,
      role: spec.role,
      type: spec.type,
      state,
      ledgers,
      events_in,
      events_out,
      bytes,
      errors,
      retries,
      dead_lettered,
      skipped,
      last_sequence,
      committed: { ...committed },
      queue,
      queue_limit,
      busy_ms: Math.round(busy_ms),
      meters: { ...meters },
    }),
  };
}
