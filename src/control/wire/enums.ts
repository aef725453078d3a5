/** Enum values of the wire by their number: the index in the list is the number in the .proto. */

import type { ChunkStatus, FailureClass, RunStatus, ServiceRole, ServiceState } from "../model.ts";

export const RUN_STATUSES = [
  "unknown",
  "starting",
  "running",
  "completed",
  "failed",
  "stopped",
] as const satisfies readonly RunStatus[];

export const CHUNK_STATUSES = [
  "unknown",
  "planned",
  "dispatched",
  "running",
  "completed",
  "verified",
  "failed",
  "retry_pending",
  "aborted",
] as const satisfies readonly ChunkStatus[];

export const FAILURE_CLASSES = [
  "unknown",
  "retryable_infrastructure",
  "non_retryable_data",
  "non_retryable_schema",
  "verification",
  "allocation_lost",
  "oom",
] as const satisfies readonly FailureClass[];

/** flowctl.ServiceType. One old Node client sends 4 for a consumer. */
export const SERVICE_TYPES: readonly ServiceRole[] = [
  "unknown",
  "source",
  "processor",
  "sink",
  "pipeline",
];

/** flowctl.v1.ComponentType. */
export const COMPONENT_TYPES: readonly ServiceRole[] = ["unknown", "source", "processor", "sink"];

/** flowctl.control.v1.ServiceRole. */
export const SERVICE_ROLES: readonly ServiceRole[] = [
  "unknown",
  "source",
  "processor",
  "sink",
  "pipeline",
  "agent",
];

/** flowctl.control.v1.ServiceState; 0 is never sent. */
export const SERVICE_STATES: readonly (ServiceState | undefined)[] = [
  undefined,
  "starting",
  "healthy",
  "degraded",
  "unhealthy",
  "gone",
];

/** flowctl.control.v1.WorkStatus. */
export const WORK_STATUSES = ["unknown", "running", "completed", "failed", "stopped"] as const;

/** flowctl.v1.HealthStatus as a state; UNKNOWN, which SDK components send when well, is healthy. */
export const HEALTH_STATUS_STATES: readonly ServiceState[] = [
  "healthy",
  "starting",
  "healthy",
  "degraded",
  "unhealthy",
  "healthy",
];

/** The name of a number; a number that the list does not know is what 0 is. */
export function nameOf<T>(list: readonly T[], number: number): T {
  return list[number] ?? list[0]!;
}

/** The number of a name; 0 when the list does not have it (a role that an older wire lacks). */
export function numberOf<T>(list: readonly T[], name: T): number {
  return Math.max(0, list.indexOf(name));
}
