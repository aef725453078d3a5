/**
 * One pipeline's part on this agent: it runs, is started again when it fails, and changes when its
 * assignment does.
 */

import type { Logger } from "../flow/component.ts";
import type { Run } from "../flow/run.ts";
import type { RunStats, RunSummary } from "../flow/stats.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { Assignment } from "./assignment.ts";
import { isSameWork } from "./assignment.ts";

/** Waits between starts of a part that fails: doubling. */
const RESTART_MIN_ms = 1_000;
const RESTART_MAX_ms = 30_000;
/** A run that lasted this long starts again as if it had never failed. */
const RESTART_RESET_ms = 60_000;
/** The process before this one is still draining: it will be done in a moment. */
const LOCKED_WAIT_ms = 200;

export type WorkState = "starting" | "running" | "completed" | "failed" | "stopped";

export interface WorkStatus {
  readonly state: WorkState;
  /** Why it failed. */
  readonly message: string;
  /** How often it was started again after a failure. */
  readonly restarts: number;
}

export interface WorkloadOptions {
  readonly assignment: Assignment;
  readonly log: Logger;
  /** Starts the part; may throw. */
  readonly start: (assignment: Assignment) => Promise<Run>;
  /** After a run has completed: resolves when it must run again. */
  readonly askedAgain: (signal: AbortSignal) => Promise<void>;
  readonly onChange: (status: WorkStatus) => void;
}

export interface Workload {
  readonly assignment: Assignment;
  readonly status: WorkStatus;
  /** Of the run that goes on, or of the last one; undefined before the first. */
  stats(): RunStats | undefined;
  /** Drains what runs and goes on under the new assignment, unless it is the same work. */
  update(assignment: Assignment): void;
  /** Drains and ends. */
  stop(): Promise<void>;
}

export function startWorkload(options: WorkloadOptions): Workload {
  const { log } = options;
  let assignment = options.assignment;
  let status: WorkStatus = { state: "starting", message: "", restarts: 0 };
  let run: Run | undefined;
  let lastStats: RunStats | undefined;
  let stopping = false;
  /** The run that goes on is of an assignment that has changed. */
  let outdated = false;
  let delay_ms = RESTART_MIN_ms;
  let wake = () => {};

  function become(state: WorkState, message: string = "", restarts: number = status.restarts) {
    if (status.state === state && status.message === message) return;
    status = { state, message, restarts };
    options.onChange(status);
  }

  async function pause(ms: number | undefined): Promise<void> {
    if (stopping || outdated) return;
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wake = () => {};
  }

  async function runOnce(): Promise<RunSummary | FlowctlError> {
    outdated = false;
    try {
      run = await options.start(assignment);
    } catch (error) {
      return error instanceof FlowctlError
        ? error
        : new FlowctlError("flow/internal", messageOf(error), { cause: error });
    }
    if (stopping || outdated) run.stop();
    become("running");
    const summary = await run.done;
    lastStats = run.stats();
    run = undefined;
    return summary.error ?? summary;
  }

  async function failed(error: FlowctlError, lasted_ms: number): Promise<void> {
    if (error.code === "state/locked") {
      become("starting", "the process before this one is still finishing");
      return await pause(LOCKED_WAIT_ms);
    }
    if (lasted_ms > RESTART_RESET_ms) delay_ms = RESTART_MIN_ms;
    log.error(error.message, { code: error.code, pipeline: assignment.pipeline });
    become("failed", error.message, status.restarts + 1);
    await pause(delay_ms);
    delay_ms = Math.min(delay_ms * 2, RESTART_MAX_ms);
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      const started = performance.now();
      const result = await runOnce();
      if (stopping || outdated) continue;
      if (result instanceof FlowctlError) await failed(result, performance.now() - started);
      else if (result.outcome === "completed") {
        become("completed");
        const waiting = new AbortController();
        options.askedAgain(waiting.signal).then(() => wake()).catch((error: unknown) =>
          log.debug(messageOf(error))
        );
        await pause(undefined);
        waiting.abort();
      }
    }
    become("stopped");
  }
  const looping = loop();

  return {
    get assignment() {
      return assignment;
    },
    get status() {
      return status;
    },
    stats: () => run?.stats() ?? lastStats,
    update(next) {
      const same = isSameWork(assignment, next);
      assignment = next;
      if (same) return;
      delay_ms = RESTART_MIN_ms;
      outdated = true;
      run?.stop();
      wake();
    },
    async stop() {
      stopping = true;
      run?.stop();
      wake();
      await looping;
    },
  };
}
