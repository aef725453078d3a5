/** Services and runs of a control plane as this command line shows them. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  nameOf,
  RUN_STATUSES,
  SERVICE_ROLES,
  SERVICE_STATES,
  WORK_STATUSES,
} from "../../control/wire/enums.ts";
import type { Service } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import type { PipelineRun } from "../../gen/proto/flowctl/control_plane_pb.js";
import { duration } from "../output/format.ts";

export function timeOf(timestamp: Timestamp | undefined): string | null {
  return timestamp === undefined ? null : new Date(timestampMs(timestamp)).toISOString();
}

/** `12s ago`; empty when there is no such time. */
export function ago(timestamp: Timestamp | undefined, now_ms: number): string {
  if (timestamp === undefined) return "";
  const past = now_ms - timestampMs(timestamp);
  return past < 1_000 ? "now" : `${duration(past)} ago`;
}

/** The pipeline as it is known to the server: the default namespace goes without saying. */
export function pipelineName(text: string): string {
  return text.replace(/^default\//, "");
}

export function serviceFacts(service: Service) {
  const state = nameOf(SERVICE_STATES, service.state) ?? "unknown";
  return {
    service_id: service.serviceId,
    component_id: service.componentId,
    service_type: nameOf(SERVICE_ROLES, service.role),
    is_healthy: state === "healthy" || state === "degraded" || state === "starting",
    status: state,
    work: nameOf(WORK_STATUSES, service.work),
    message: service.message,
    pipeline: service.pipeline,
    run_id: service.runId,
    agent: service.agent,
    last_heartbeat: timeOf(service.lastHeartbeat),
    registered_at: timeOf(service.registeredAt),
    ttl_ms: Number(service.ttlMs),
    input_event_types: service.inputEventTypes,
    output_event_types: service.outputEventTypes,
    health_endpoint: service.healthEndpoint,
    endpoint: service.endpoint,
    max_inflight: service.maxInflight,
    metrics: service.metrics,
    metadata: service.metadata,
  };
}

export type ServiceFacts = ReturnType<typeof serviceFacts>;

/** How it is in a word: its state, or what its work came to. */
export function conditionOf({ status, work }: ServiceFacts): string {
  return work === "completed" || work === "failed" || work === "stopped" ? work : status;
}

export function runFacts(run: PipelineRun) {
  const { metrics } = run;
  return {
    run_id: run.runId,
    pipeline: run.pipelineName,
    status: nameOf(RUN_STATUSES, run.status),
    start_time: timeOf(run.startTime),
    end_time: timeOf(run.endTime),
    error: run.error,
    component_ids: run.componentIds,
    metrics: metrics === undefined ? null : {
      events_processed: metrics.eventsProcessed,
      events_per_second: metrics.eventsPerSecond,
      bytes_processed: metrics.bytesProcessed,
      components: Object.fromEntries(
        Object.entries(metrics.componentMetrics).map(([id, one]) => [id, {
          events_in: one.eventsIn,
          events_out: one.eventsOut,
          bytes_in: one.bytesIn,
          bytes_out: one.bytesOut,
          processing_time_ms: one.processingTimeMs,
        }]),
      ),
    },
  };
}

/** How long a run took, or has taken so far. */
export function runTime(run: PipelineRun, now_ms: number): string {
  if (run.startTime === undefined) return "";
  const end_ms = run.endTime === undefined ? now_ms : timestampMs(run.endTime);
  return duration(Math.max(0, end_ms - timestampMs(run.startTime)));
}

/** True when it is well and its work has not failed. */
export function isWell(service: ServiceFacts): boolean {
  return service.is_healthy && service.work !== "failed";
}
