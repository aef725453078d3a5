/** A service as REST shows it: snake_case, times in RFC 3339. */

import type { ServiceRecord } from "../model.ts";
import { isHealthy } from "../wire/services.ts";

const timeOf = (ms: number): string => new Date(ms).toISOString();

export function serviceJson(service: ServiceRecord) {
  return {
    service_id: service.service_id,
    component_id: service.component_id,
    service_type: service.role,
    is_healthy: isHealthy(service),
    status: service.state,
    work: service.work,
    message: service.message,
    last_heartbeat: timeOf(service.last_heartbeat_ms),
    registered_at: timeOf(service.registered_at_ms),
    ttl_ms: service.ttl_ms,
    input_event_types: service.input_event_types,
    output_event_types: service.output_event_types,
    health_endpoint: service.health_endpoint,
    endpoint: service.endpoint,
    max_inflight: service.max_inflight,
    version: service.version,
    metrics: service.metrics,
    metadata: service.metadata,
  };
}
