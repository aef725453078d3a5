/** Services on the three wires: flowctl, flowctl.v1 and flowctl.control.v1. */

import { create } from "@bufbuild/protobuf";
import { ServiceSchema } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import type { Service } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { ServiceStatusSchema } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { ServiceInfo, ServiceStatus } from "../../gen/proto/flowctl/control_plane_pb.js";
import { ComponentInfoSchema, HealthStatus } from "../../gen/proto/flowctl/v1/common_pb.js";
import type { ComponentInfo } from "../../gen/proto/flowctl/v1/common_pb.js";
import { ComponentStatusResponseSchema } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import type { ComponentStatusResponse } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import type { ServiceRecord, ServiceState } from "../model.ts";
import type { Registration } from "../registry/identity.ts";
import {
  COMPONENT_TYPES,
  nameOf,
  numberOf,
  SERVICE_ROLES,
  SERVICE_STATES,
  SERVICE_TYPES,
  WORK_STATUSES,
} from "./enums.ts";
import { toTimestamp } from "./time.ts";

/** Degraded still works; starting has not failed. */
export function isHealthy(service: ServiceRecord): boolean {
  return service.state === "healthy" || service.state === "degraded" ||
    service.state === "starting";
}

export function registrationFromServiceInfo(info: ServiceInfo, peer: string): Registration {
  const { metadata } = info;
  return {
    component_id: info.componentId,
    service_id: info.serviceId,
    role: nameOf(SERVICE_TYPES, info.serviceType),
    input_event_types: info.inputEventTypes,
    output_event_types: info.outputEventTypes,
    health_endpoint: info.healthEndpoint,
    endpoint: metadata["endpoint"] ?? "",
    max_inflight: info.maxInflight,
    name: metadata["name"] ?? "",
    description: metadata["description"] ?? "",
    version: metadata["version"] ?? metadata["component_version"] ?? "",
    metadata,
    peer,
  };
}

export function registrationFromComponentInfo(
  info: ComponentInfo,
  componentId: string,
  peer: string,
): Registration {
  return {
    component_id: componentId,
    service_id: info.id,
    role: nameOf(COMPONENT_TYPES, info.type),
    input_event_types: info.inputEventTypes,
    output_event_types: info.outputEventTypes,
    health_endpoint: info.metadata["health_endpoint"] ?? "",
    endpoint: info.endpoint,
    max_inflight: 0,
    name: info.name,
    description: info.description,
    version: info.version,
    metadata: info.metadata,
    peer,
  };
}

export function toServiceStatus(service: ServiceRecord): ServiceStatus {
  return create(ServiceStatusSchema, {
    serviceId: service.service_id,
    componentId: service.component_id,
    serviceType: numberOf(SERVICE_TYPES, service.role),
    isHealthy: isHealthy(service),
    lastHeartbeat: toTimestamp(service.last_heartbeat_ms)!,
    metrics: { ...service.metrics },
  });
}

const HEALTH: Readonly<Record<ServiceState, HealthStatus>> = {
  starting: HealthStatus.STARTING,
  healthy: HealthStatus.HEALTHY,
  degraded: HealthStatus.DEGRADED,
  unhealthy: HealthStatus.UNHEALTHY,
  gone: HealthStatus.UNHEALTHY,
};

export function toComponentInfo(service: ServiceRecord): ComponentInfo {
  return create(ComponentInfoSchema, {
    id: service.service_id,
    name: service.name || service.component_id,
    description: service.description,
    version: service.version,
    type: numberOf(COMPONENT_TYPES, service.role),
    inputEventTypes: [...service.input_event_types],
    outputEventTypes: [...service.output_event_types],
    endpoint: service.endpoint,
    metadata: { ...service.metadata },
  });
}

export function toComponentStatus(service: ServiceRecord): ComponentStatusResponse {
  const metrics = Object.entries(service.metrics).map(([name, value]) => [name, String(value)]);
  return create(ComponentStatusResponseSchema, {
    component: toComponentInfo(service),
    status: HEALTH[service.state],
    lastHeartbeat: toTimestamp(service.last_heartbeat_ms)!,
    metrics: Object.fromEntries(metrics) as Record<string, string>,
    registeredAt: toTimestamp(service.registered_at_ms)!,
  });
}

export function toService(service: ServiceRecord): Service {
  const { metadata } = service;
  return create(ServiceSchema, {
    serviceId: service.service_id,
    componentId: service.component_id,
    role: numberOf(SERVICE_ROLES, service.role),
    state: numberOf(SERVICE_STATES, service.state),
    work: numberOf(WORK_STATUSES, service.work),
    message: service.message,
    inputEventTypes: [...service.input_event_types],
    outputEventTypes: [...service.output_event_types],
    healthEndpoint: service.health_endpoint,
    endpoint: service.endpoint,
    maxInflight: service.max_inflight,
    metadata: { ...metadata },
    metrics: { ...service.metrics },
    registeredAt: toTimestamp(service.registered_at_ms)!,
    lastHeartbeat: toTimestamp(service.last_heartbeat_ms)!,
    ttlMs: BigInt(Math.round(service.ttl_ms)),
    pipeline: metadata["pipeline"] ?? "",
    runId: metadata["run_id"] ?? "",
    agent: metadata["agent"] ?? "",
  });
}
