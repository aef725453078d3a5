/** Runs a pipeline on this machine: the graph, its edges, its checkpoints. */

import type { PipelineSpec } from "../spec/pipeline.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { ComponentDefinition, Logger } from "./component.ts";
import type { RunStats, RunSummary } from "./stats.ts";

/** How long `stop` lets batches that are on their way reach the sinks and be committed. */
export const DRAIN_DEADLINE_ms = 30_000;

export interface RunOptions {
  readonly pipeline: PipelineSpec;
  /** What `type` names are looked up in, by name and role. */
  readonly catalogue: readonly ComponentDefinition[];
  /** Folder of `state.db` and the locks; created when missing. Unused when not persistent. */
  readonly stateDir: string;
  /** False: checkpoints and dead letters live in memory and end with the run. */
  readonly persistent: boolean;
  /** First ledger, of every source; overrides the config. Below a checkpoint it needs `reset`. */
  readonly from?: number | undefined;
  /** Last ledger, of every source; overrides the config. */
  readonly to?: number | undefined;
  /** Forget checkpoints, snapshots and dead letters, and have sinks drop what they hold. */
  readonly reset?: boolean;
  /** At the head of the network: wait (true, the default), or fail with `source/head-reached`. */
  readonly wait?: boolean;
  readonly log: Logger;
  /** The process's environment; a component's own `env` overlays it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default `DRAIN_DEADLINE_ms`. */
  readonly drainDeadline_ms?: number;
}

export interface Run {
  /** Never rejects: a run that failed resolves with outcome "failed" and its error. */
  readonly done: Promise<RunSummary>;
  /** Drain: sources stop, what is on its way reaches the sinks, they commit. Safe to repeat. */
  stop(): void;
  /** End at once, without a commit; a later run goes on from the last checkpoints. */
  abort(): void;
  /** Cheap enough to poll ten times a second. */
  stats(): RunStats;
}

/** Starts the pipeline at once; every error, also one in the options, arrives through `done`. */
export function startRun(_options: RunOptions): Run {
  throw new FlowctlError("flow/internal", "the runner is not built yet");
}
