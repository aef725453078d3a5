/** A backfill on this machine: chunks one after the other, or several at a time. */

import type { Logger } from "../flow/component.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import type { ChunkLedger } from "./chunk-ledger.ts";
import { verifiedChunk } from "./chunk-status.ts";
import type { ChunkStatus } from "./chunk-status.ts";
import { missingFiles } from "./check-output.ts";
import { runChunk } from "./run-chunk.ts";

/** Attempts at a chunk, beside the retries within each. */
export const MAX_ATTEMPTS = 3;

export interface LocalBackfillOptions {
  /** All chunks of the range, with where they stand. */
  readonly plan: readonly ChunkStatus[];
  readonly pipeline: PipelineSpec;
  readonly ledger: ChunkLedger;
  /** Chunks at the same time. */
  readonly jobs: number;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires: chunks that are not done are left for another time. */
  readonly signal: AbortSignal;
  readonly onChange: (chunk: ChunkStatus) => void;
  /** Takes secrets out of what is kept and shown. */
  readonly redact: (text: string) => string;
}

/** Every chunk with where it stands at the end; those that are verified are not done again. */
export async function runLocalBackfill(
  options: LocalBackfillOptions,
): Promise<readonly ChunkStatus[]> {
  const { plan, ledger, signal } = options;
  const chunks = new Map(plan.map((chunk) => [chunk.first, chunk]));
  const todo = plan.filter(({ status }) => status !== "verified");

  const note = (chunk: ChunkStatus) => {
    chunks.set(chunk.first, chunk);
    ledger.save(chunk);
    options.onChange(chunk);
  };
  async function worker(): Promise<void> {
    for (let chunk = todo.shift(); chunk !== undefined; chunk = todo.shift()) {
      if (signal.aborted) return;
      await attempt(options, chunk, note);
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, worker));
  return [...chunks.values()];
}

/** The plan, in which chunks whose files somebody took away are to be done again. */
export async function withoutLost(
  plan: readonly ChunkStatus[],
  onLost: (chunk: ChunkStatus, files: readonly string[]) => void,
): Promise<ChunkStatus[]> {
  const chunks: ChunkStatus[] = [];
  for (const chunk of plan) {
    const missing = chunk.status === "verified" ? await missingFiles(chunk) : [];
    if (missing.length > 0) onLost(chunk, missing);
    chunks.push(missing.length > 0 ? { ...chunk, status: "planned" } : chunk);
  }
  return chunks;
}

async function attempt(
  options: LocalBackfillOptions,
  planned: ChunkStatus,
  note: (chunk: ChunkStatus) => void,
): Promise<void> {
  const { pipeline, log, env, signal, redact } = options;
  let chunk = { ...planned, started_at_ms: Date.now() };
  for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
    chunk = { ...chunk, status: "running", attempt: chunk.attempt + 1 };
    note(chunk);
    try {
      const result = await runChunk({ pipeline, chunk, log, env, signal });
      return note(verifiedChunk(chunk, result, Date.now()));
    } catch (error) {
      if (signal.aborted) return note({ ...chunk, status: "planned" });
      const again = error instanceof FlowctlError && error.retryable && tries < MAX_ATTEMPTS;
      chunk = {
        ...chunk,
        status: again ? "retry_pending" : "failed",
        error: redact(messageOf(error)),
        ended_at_ms: Date.now(),
      };
      note(chunk);
      if (!again) return;
    }
  }
}
