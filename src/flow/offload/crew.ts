/** The worker threads of a run, there as long as somebody has work for them. */

import { availableParallelism } from "node:os";
import * as v from "valibot";
import { configSchema } from "../../gen/config/run.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { createPool } from "./pool.ts";
import type { Pool, PoolOptions } from "./pool.ts";

/**
 * With `workers: auto`, the ledgers that must lie ahead. On two cores, what it takes to start two
 * threads and to compile their code comes back after about 1,300 ledgers; on more cores sooner.
 */
export const WORTH_THREADS_ledgers = 1_000;
/** With `workers: auto` there are no more, however many cores: each takes memory. */
export const AUTO_LIMIT_threads = 8;

/** How many worker threads share the work of a run; below 2 there are none. */
export type Workers = number | "auto";

export interface Crew {
  readonly threads: Workers;
  /** Starts the threads unless they run. */
  join(): Pool;
  /** Ends them when nobody else has joined. */
  leave(): void;
  close(): void;
}

export function createCrew(
  { threads, ...options }: Omit<PoolOptions, "size"> & { readonly threads: Workers },
): Crew {
  const size = threads === "auto" ? autoThreads() : threads;
  let pool: Pool | undefined;
  let members = 0;
  const close = () => {
    pool?.close();
    pool = undefined;
  };
  return {
    threads,
    join() {
      members += 1;
      return pool ??= createPool({ ...options, size });
    },
    leave() {
      members -= 1;
      if (members === 0) close();
    },
    close,
  };
}

function autoThreads(): number {
  return Math.min(availableParallelism(), AUTO_LIMIT_threads);
}

/** What `auto` comes to for runs of so many ledgers together. */
export function threadsFor(ledgers: number): number {
  return ledgers >= WORTH_THREADS_ledgers ? autoThreads() : 1;
}

/** What `spec.config.workers` says; default `auto`. Throws `spec/invalid`. */
export function workersOf({ config, file }: Pick<PipelineSpec, "config" | "file">): Workers {
  const result = v.safeParse(configSchema, { workers: config["workers"] });
  if (result.success) return result.output.workers;
  throw new FlowctlError(
    "spec/invalid",
    `${file}: spec.config.workers ${result.issues[0]?.message ?? ""}`,
  );
}

/** Whether there are to be threads at all. */
export function wantsThreads(workers: Workers): boolean {
  return workers === "auto" ? availableParallelism() > 1 : workers > 1;
}
