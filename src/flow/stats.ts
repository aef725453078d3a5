/** What a run says of itself while it runs and when it has ended: live view, summary, metrics. */

import type { FlowctlError } from "../spec/errors.ts";
import type { Role } from "../spec/pipeline.ts";

export interface ComponentStats {
  readonly id: string;
  readonly role: Role;
  readonly type: string;
  readonly state: "starting" | "running" | "done" | "failed";
  /** Batches (one per ledger) that it has finished. */
  readonly ledgers: number;
  readonly events_in: number;
  readonly events_out: number;
  readonly bytes: number;
  readonly errors: number;
  readonly retries: number;
  readonly dead_lettered: number;
  readonly skipped: number;
  /** Last sequence that it has finished, over all sources; undefined before the first. */
  readonly last_sequence: number | undefined;
  /** For a sink: last durable sequence per source id. */
  readonly committed: Readonly<Record<string, number>>;
  /** Batches that wait in front of it, over all its inputs, and how many may. */
  readonly queue: number;
  readonly queue_limit: number;
  /** Time spent in the component itself, for the share of each stage. */
  readonly busy_ms: number;
  /** What the component counted with its Meter. */
  readonly meters: Readonly<Record<string, number>>;
}

export interface SourceProgress {
  readonly source: string;
  /** First ledger of this run (after checkpoints) and last, where the range is bounded. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly last_sequence: number | undefined;
  /** Close time of that ledger, Unix ms. */
  readonly last_closed_at_ms: number | undefined;
  /** Latest ledger that the network has, where the source knows. */
  readonly head: number | undefined;
}

export interface RunStats {
  readonly pipeline: string;
  readonly started_at_ms: number;
  readonly elapsed_ms: number;
  readonly sources: readonly SourceProgress[];
  readonly components: readonly ComponentStats[];
}

export interface RunSummary extends RunStats {
  /** Completed: the range ended. Stopped: `stop` or `abort` ended it. Failed: see `error`. */
  readonly outcome: "completed" | "stopped" | "failed";
  /** Why it failed, or (`flow/deadline`) why it was stopped before it had drained. */
  readonly error?: FlowctlError;
}
