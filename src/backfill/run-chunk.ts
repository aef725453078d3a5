/** Does one chunk: runs the pipeline over its ledgers, checks what came out, gives it its name. */

import { resolve } from "node:path";
import { catalogue } from "../catalogue.ts";
import type { Chunk, ChunkOutput, Logger } from "../flow/component.ts";
import { definitionOf } from "../flow/parts.ts";
import { startRun } from "../flow/run.ts";
import type { RunSummary } from "../flow/stats.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import { workerHost } from "../worker-host.ts";
import { checksumOf } from "./check-output.ts";

export interface ChunkResult {
  /** Rows per sink id. */
  readonly rows: Readonly<Record<string, number>>;
  /** SHA-256 of each file or object that it made, by path or URL. */
  readonly checksums: Readonly<Record<string, string>>;
}

export interface ChunkRunOptions {
  readonly pipeline: PipelineSpec;
  readonly chunk: Chunk;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires: give the chunk up. */
  readonly signal: AbortSignal;
}

/**
 * It keeps no checkpoint: a chunk is done as a whole or again. Rejects with a `FlowctlError`; then
 * nothing of it has its name, but what a database or an object store took is written again by the
 * next attempt, in place.
 */
export async function runChunk(options: ChunkRunOptions): Promise<ChunkResult> {
  const { chunk, log, env, signal } = options;
  const outputs: ChunkOutput[] = [];
  const checksums: Record<string, string> = {};
  const wrote = (place: string, sha256: string) => void (checksums[place] = sha256);
  const pipeline = {
    ...options.pipeline,
    sinks: options.pipeline.sinks.map((spec) => {
      const definition = definitionOf(catalogue, spec);
      const output = definition.role === "sink"
        ? definition.chunkOutput?.(spec.config, chunk)
        : undefined;
      if (output === undefined) return spec;
      outputs.push(output);
      return { ...spec, config: output.config };
    }),
  };
  try {
    const run = startRun({
      pipeline,
      catalogue,
      stateDir: "",
      persistent: false,
      from: chunk.first,
      to: chunk.last,
      chunk: { first: chunk.first, last: chunk.last, wrote },
      wait: false,
      workerHost,
      log,
      env,
    });
    const abort = () => run.abort();
    signal.addEventListener("abort", abort);
    const summary = await run.done.finally(() => signal.removeEventListener("abort", abort));
    if (summary.error !== undefined) throw summary.error;
    const rows = verify(summary, chunk);
    for (const output of outputs) {
      for (const file of await output.finish()) wrote(resolve(file), await checksumOf(file));
    }
    return { rows, checksums };
  } catch (error) {
    for (const output of outputs) await output.discard().catch(() => {});
    throw error;
  }
}

/** Rows per sink; throws unless every component has done every ledger, and none was given up. */
function verify(summary: RunSummary, chunk: Chunk): Record<string, number> {
  const wanted = chunk.last - chunk.first + 1;
  const wrong = (what: string) =>
    new FlowctlError("backfill/not-verified", `ledgers ${chunk.first} to ${chunk.last}: ${what}`);
  if (summary.outcome !== "completed") throw wrong("the run was stopped");
  const rows: Record<string, number> = {};
  const sources = summary.components.filter(({ role }) => role === "source").length;
  for (const one of summary.components) {
    const lost = one.dead_lettered + one.skipped;
    if (lost > 0) throw wrong(`${one.id} gave up ${lost} events`);
    if (one.role === "source" && one.ledgers !== wanted) {
      throw wrong(`${one.id} gave ${one.ledgers} of ${wanted} ledgers`);
    }
    if (one.role !== "sink") continue;
    const behind = Object.entries(one.committed).find(([, sequence]) => sequence < chunk.last);
    if (behind !== undefined || Object.keys(one.committed).length > sources) {
      throw wrong(`${one.id} committed only up to ledger ${behind?.[1] ?? "none"}`);
    }
    rows[one.id] = one.events_in;
  }
  return rows;
}
