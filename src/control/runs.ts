/** Runs and chunk runs: who may change what, and what an id that is missing becomes. */

import { randomUUID } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";
import type { ChunkRecord, RunMetrics, RunRecord, RunStatus } from "./model.ts";
import type { ChunkCount, ChunkFilter, ControlStore, RunFilter } from "./store/store.ts";

const ENDED: ReadonlySet<RunStatus> = new Set(["completed", "failed", "stopped"]);

export interface NewRun {
  /** Empty: the server makes one. A run that exists already is given back as it is. */
  readonly run_id: string;
  readonly pipeline_name: string;
  readonly config_yaml: string;
  readonly component_ids: readonly string[];
}

/** Times are those of the process; one that is missing or to come is now. */
export interface ToldRun extends NewRun {
  readonly status: RunStatus;
  readonly start_time_ms: number | undefined;
  readonly end_time_ms: number | undefined;
  readonly metrics: RunMetrics | undefined;
  readonly error: string;
}

export interface RunUpdate {
  readonly run_id: string;
  /** "unknown": unchanged. */
  readonly status: RunStatus;
  readonly metrics: RunMetrics | undefined;
  readonly error: string;
}

export interface Runs {
  create(run: NewRun): Promise<RunRecord>;
  /** A run as its process saw it, made if it is not known; one that has ended stays as it is. */
  tell(run: ToldRun): Promise<RunRecord>;
  /** Undefined: there is no such run. A run that has ended does not start again. */
  update(update: RunUpdate): Promise<RunRecord | undefined>;
  /** Asks a run to stop; it ends when its process says so. Undefined: there is no such run. */
  stop(runId: string): Promise<RunRecord | undefined>;
  get(runId: string): Promise<RunRecord | undefined>;
  list(filter: RunFilter): Promise<readonly RunRecord[]>;
  upsertChunk(chunk: ChunkRecord): Promise<ChunkRecord>;
  getChunk(chunkId: string): Promise<ChunkRecord | undefined>;
  listChunks(filter: ChunkFilter): Promise<readonly ChunkRecord[]>;
  countChunks(runId: string): Promise<readonly ChunkCount[]>;
}

export interface RunListener {
  /** `before` is undefined for a new run. */
  (run: RunRecord, before: RunRecord | undefined): void;
}

export function createRuns(store: ControlStore, clock: Clock, changed: RunListener): Runs {
  // Read-modify-write of one run is done in turn, or two updates at once would lose one.
  const turns = new Map<string, Promise<unknown>>();
  const inTurn = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(id) === turn) turns.delete(id);
    }
  };
  const change = (id: string, edit: (run: RunRecord) => RunRecord) =>
    inTurn(id, async () => {
      const before = await store.getRun(id);
      if (before === undefined) return undefined;
      const after = edit(before);
      await store.putRun(after);
      changed(after, before);
      return after;
    });

  return {
    create(run) {
      const run_id = run.run_id || randomUUID();
      return inTurn(run_id, async () => {
        const existing = await store.getRun(run_id);
        if (existing !== undefined) return existing;
        const record: RunRecord = {
          ...run,
          run_id,
          pipeline_id: run.pipeline_name,
          status: "starting",
          start_time_ms: clock.now(),
          end_time_ms: undefined,
          metrics: undefined,
          error: "",
          stop_requested: false,
        };
        await store.putRun(record);
        changed(record, undefined);
        return record;
      });
    },

    tell(told) {
      const now = clock.now();
      const run_id = told.run_id || randomUUID();
      return inTurn(run_id, async () => {
        const before = await store.getRun(run_id);
        if (before !== undefined && ENDED.has(before.status)) return before;
        const start_time_ms = Math.min(told.start_time_ms ?? now, before?.start_time_ms ?? now);
        const end_time_ms = Math.max(start_time_ms, Math.min(told.end_time_ms ?? now, now));
        const record: RunRecord = {
          ...told,
          run_id,
          pipeline_id: told.pipeline_name,
          start_time_ms,
          end_time_ms: ENDED.has(told.status) ? end_time_ms : undefined,
          metrics: told.metrics ?? before?.metrics,
          error: told.error || before?.error || "",
          stop_requested: before?.stop_requested ?? false,
        };
        await store.putRun(record);
        changed(record, before);
        return record;
      });
    },

    update: ({ run_id, status, metrics, error }) =>
      change(run_id, (run) => {
        const ended = ENDED.has(run.status);
        const next = status === "unknown" || ended ? run.status : status;
        return {
          ...run,
          status: next,
          end_time_ms: run.end_time_ms ?? (ENDED.has(next) ? clock.now() : undefined),
          metrics: metrics ?? run.metrics,
          error: error || run.error,
        };
      }),

    stop: (runId) =>
      change(runId, (run) => ENDED.has(run.status) ? run : { ...run, stop_requested: true }),

    get: (runId) => store.getRun(runId),
    list: (filter) => store.listRuns(filter),

    upsertChunk(chunk) {
      const chunk_id = chunk.chunk_id ||
        `${chunk.pipeline_run_id}:${chunk.component_id}:${chunk.chunk_start}-${chunk.chunk_end}:${chunk.attempt}`;
      const record = { ...chunk, chunk_id };
      return inTurn(`chunk ${chunk_id}`, async () => {
        await store.putChunk(record);
        return record;
      });
    },
    getChunk: (chunkId) => store.getChunk(chunkId),
    listChunks: (filter) => store.listChunks(filter),
    countChunks: (runId) => store.countChunks(runId),
  };
}
