/** A service as REST shows it: snake_case, times in RFC 3339. */

import * as v from "valibot";
import type { ServiceRecord } from "../model.ts";
import { isHealthy } from "../wire/services.ts";
import { textMap, timeSchema, timeText } from "./time.ts";

export const SERVICE_TYPES = [
  "source",
  "processor",
  "sink",
  "pipeline",
  "agent",
  "unknown",
] as const;
export const SERVICE_STATES = ["starting", "healthy", "degraded", "unhealthy", "gone"] as const;

export const serviceSchema = v.strictObject({
  service_id: v.string(),
  component_id: v.string(),
  service_type: v.picklist(SERVICE_TYPES),
  is_healthy: v.boolean(),
  status: v.pipe(v.picklist(SERVICE_STATES), v.description("Its health.")),
  work: v.pipe(
    v.picklist(["unknown", "running", "completed", "failed", "stopped"]),
    v.description("What its work is at, beside its health."),
  ),
  message: v.string(),
  last_heartbeat: timeSchema,
  registered_at: timeSchema,
  ttl_ms: v.pipe(v.number(), v.description("Silent for longer, it counts as unhealthy.")),
  input_event_types: v.array(v.string()),
  output_event_types: v.array(v.string()),
  health_endpoint: v.string(),
  endpoint: v.string(),
  max_inflight: v.number(),
  name: v.string(),
  version: v.string(),
  metrics: v.record(v.string(), v.number()),
  metadata: textMap,
});

export type ServiceJson = v.InferOutput<typeof serviceSchema>;

export function serviceJson(service: ServiceRecord): ServiceJson {
  return {
    service_id: service.service_id,
    component_id: service.component_id,
    service_type: service.role,
    is_healthy: isHealthy(service),
    status: service.state,
    work: service.work,
    message: service.message,
    last_heartbeat: timeText(service.last_heartbeat_ms),
    registered_at: timeText(service.registered_at_ms),
    ttl_ms: service.ttl_ms,
    input_event_types: [...service.input_event_types],
    output_event_types: [...service.output_event_types],
    health_endpoint: service.health_endpoint,
    endpoint: service.endpoint,
    max_inflight: service.max_inflight,
    name: service.name,
    version: service.version,
    metrics: { ...service.metrics },
    metadata: { ...service.metadata },
  };
}
