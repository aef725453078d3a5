/** Runs and chunk runs as REST shows them. */

import * as v from "valibot";
import type { ChunkRecord, RunRecord } from "../model.ts";
import { CHUNK_STATUSES, FAILURE_CLASSES, RUN_STATUSES } from "../wire/enums.ts";
import { int64Schema, textMap, timeSchema, timeText } from "./time.ts";

const runMetricsSchema = v.strictObject({
  events_processed: int64Schema,
  events_per_second: v.number(),
  bytes_processed: int64Schema,
  components: v.record(
    v.string(),
    v.strictObject({
      events_in: int64Schema,
      events_out: int64Schema,
      bytes_in: int64Schema,
      bytes_out: int64Schema,
      processing_time_ms: v.number(),
    }),
  ),
});

export const runSchema = v.strictObject({
  run_id: v.string(),
  pipeline: v.string(),
  status: v.picklist(RUN_STATUSES),
  start_time: timeSchema,
  end_time: v.optional(v.pipe(timeSchema, v.description("Absent while it goes on."))),
  error: v.string(),
  component_ids: v.array(v.string()),
  stop_requested: v.pipe(
    v.boolean(),
    v.description("It was asked to stop, and ends when its process has."),
  ),
  metrics: v.optional(runMetricsSchema),
});

export type RunJson = v.InferOutput<typeof runSchema>;

export function runJson(run: RunRecord): RunJson {
  return {
    run_id: run.run_id,
    pipeline: run.pipeline_name,
    status: run.status,
    start_time: timeText(run.start_time_ms),
    ...(run.end_time_ms === undefined ? {} : { end_time: timeText(run.end_time_ms) }),
    error: run.error,
    component_ids: [...run.component_ids],
    stop_requested: run.stop_requested,
    ...(run.metrics === undefined ? {} : { metrics: metricsJson(run.metrics) }),
  };
}

function metricsJson(metrics: NonNullable<RunRecord["metrics"]>): NonNullable<RunJson["metrics"]> {
  return {
    events_processed: String(metrics.events_processed),
    events_per_second: metrics.events_per_second,
    bytes_processed: String(metrics.bytes_processed),
    components: Object.fromEntries(
      Object.entries(metrics.component_metrics).map(([id, component]) => [id, {
        events_in: String(component.events_in),
        events_out: String(component.events_out),
        bytes_in: String(component.bytes_in),
        bytes_out: String(component.bytes_out),
        processing_time_ms: component.processing_time_ms,
      }]),
    ),
  };
}

export const chunkSchema = v.strictObject({
  chunk_id: v.string(),
  run_id: v.string(),
  component_id: v.string(),
  chunk_start: v.pipe(int64Schema, v.description("First ledger.")),
  chunk_end: v.pipe(int64Schema, v.description("Last ledger.")),
  attempt: v.number(),
  status: v.picklist(CHUNK_STATUSES),
  failure_class: v.picklist(FAILURE_CLASSES),
  phase: v.string(),
  error: v.string(),
  recommended_action: v.string(),
  started_at: v.optional(timeSchema),
  completed_at: v.optional(timeSchema),
  verified_at: v.optional(timeSchema),
  row_counts: v.record(v.string(), int64Schema),
  verification: textMap,
  metadata: textMap,
});

export type ChunkJson = v.InferOutput<typeof chunkSchema>;

export function chunkJson(chunk: ChunkRecord): ChunkJson {
  const { started_at_ms, completed_at_ms, verified_at_ms } = chunk;
  const counts = Object.entries(chunk.row_counts).map(([name, rows]) => [name, String(rows)]);
  return {
    chunk_id: chunk.chunk_id,
    run_id: chunk.pipeline_run_id,
    component_id: chunk.component_id,
    chunk_start: String(chunk.chunk_start),
    chunk_end: String(chunk.chunk_end),
    attempt: chunk.attempt,
    status: chunk.status,
    failure_class: chunk.failure_class,
    phase: chunk.phase,
    error: chunk.error,
    recommended_action: chunk.recommended_action,
    ...(started_at_ms === undefined ? {} : { started_at: timeText(started_at_ms) }),
    ...(completed_at_ms === undefined ? {} : { completed_at: timeText(completed_at_ms) }),
    ...(verified_at_ms === undefined ? {} : { verified_at: timeText(verified_at_ms) }),
    row_counts: Object.fromEntries(counts) as Record<string, string>,
    verification: { ...chunk.verification },
    metadata: { ...chunk.metadata },
  };
}
