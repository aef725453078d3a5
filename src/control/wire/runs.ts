import { create } from "@bufbuild/protobuf";
import { ChunkRunSchema, PipelineRunSchema } from "../../gen/proto/flowctl/control_plane_pb.js";
import type {
  ChunkRun,
  PipelineRun,
  RunMetrics as WireMetrics,
} from "../../gen/proto/flowctl/control_plane_pb.js";
import type { ChunkRecord, RunMetrics, RunRecord } from "../model.ts";
import { CHUNK_STATUSES, FAILURE_CLASSES, nameOf, numberOf, RUN_STATUSES } from "./enums.ts";
import { fromTimestamp, toTimestamp } from "./time.ts";

export function metricsFromWire(metrics: WireMetrics | undefined): RunMetrics | undefined {
  if (metrics === undefined) return undefined;
  const components = Object.entries(metrics.componentMetrics).map(([id, component]) =>
    [id, {
      events_in: component.eventsIn,
      events_out: component.eventsOut,
      bytes_in: component.bytesIn,
      bytes_out: component.bytesOut,
      processing_time_ms: component.processingTimeMs,
    }] as const
  );
  return {
    events_processed: metrics.eventsProcessed,
    events_per_second: metrics.eventsPerSecond,
    bytes_processed: metrics.bytesProcessed,
    component_metrics: Object.fromEntries(components),
  };
}

function metricsToWire(metrics: RunMetrics) {
  const components = Object.entries(metrics.component_metrics).map(([id, component]) =>
    [id, {
      eventsIn: component.events_in,
      eventsOut: component.events_out,
      bytesIn: component.bytes_in,
      bytesOut: component.bytes_out,
      processingTimeMs: component.processing_time_ms,
    }] as const
  );
  return {
    eventsProcessed: metrics.events_processed,
    eventsPerSecond: metrics.events_per_second,
    bytesProcessed: metrics.bytes_processed,
    componentMetrics: Object.fromEntries(components),
  };
}

export function runToWire(run: RunRecord): PipelineRun {
  const endTime = toTimestamp(run.end_time_ms);
  return create(PipelineRunSchema, {
    runId: run.run_id,
    pipelineId: run.pipeline_id,
    pipelineName: run.pipeline_name,
    status: numberOf(RUN_STATUSES, run.status),
    startTime: toTimestamp(run.start_time_ms)!,
    ...(endTime === undefined ? {} : { endTime }),
    configYaml: run.config_yaml,
    ...(run.metrics === undefined ? {} : { metrics: metricsToWire(run.metrics) }),
    error: run.error,
    componentIds: [...run.component_ids],
  });
}

export function chunkFromWire(chunk: ChunkRun): ChunkRecord {
  return {
    chunk_id: chunk.chunkId,
    pipeline_run_id: chunk.pipelineRunId,
    component_id: chunk.componentId,
    chunk_start: chunk.chunkStart,
    chunk_end: chunk.chunkEnd,
    attempt: chunk.attempt,
    status: nameOf(CHUNK_STATUSES, chunk.status),
    failure_class: nameOf(FAILURE_CLASSES, chunk.failureClass),
    phase: chunk.phase,
    error: chunk.error,
    recommended_action: chunk.recommendedAction,
    started_at_ms: fromTimestamp(chunk.startedAt),
    completed_at_ms: fromTimestamp(chunk.completedAt),
    verified_at_ms: fromTimestamp(chunk.verifiedAt),
    row_counts: chunk.rowCounts,
    verification: chunk.verification,
    metadata: chunk.metadata,
  };
}

export function chunkToWire(chunk: ChunkRecord): ChunkRun {
  const [startedAt, completedAt, verifiedAt] = [
    chunk.started_at_ms,
    chunk.completed_at_ms,
    chunk.verified_at_ms,
  ].map(toTimestamp);
  return create(ChunkRunSchema, {
    chunkId: chunk.chunk_id,
    pipelineRunId: chunk.pipeline_run_id,
    componentId: chunk.component_id,
    chunkStart: chunk.chunk_start,
    chunkEnd: chunk.chunk_end,
    attempt: chunk.attempt,
    status: numberOf(CHUNK_STATUSES, chunk.status),
    failureClass: numberOf(FAILURE_CLASSES, chunk.failure_class),
    phase: chunk.phase,
    error: chunk.error,
    recommendedAction: chunk.recommended_action,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    rowCounts: { ...chunk.row_counts },
    verification: { ...chunk.verification },
    metadata: { ...chunk.metadata },
  });
}
