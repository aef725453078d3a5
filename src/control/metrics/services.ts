/** What components heartbeat, as metrics: by service, and counted by state. */

import type { ServiceRecord } from "../model.ts";
import { networkOf } from "../network-lag.ts";
import type { NetworkLag } from "../network-lag.ts";
import { isHealthy } from "../wire/services.ts";
import type { Exposition } from "./exposition.ts";
import { labelText, metricName } from "./exposition.ts";

const PREFIX = "flowctl_component_";
/** Those of a process have names of their own; see cdp.ts. */
const OF_PROCESS = "cdp.";

export function exposeService(exposition: Exposition, service: ServiceRecord): void {
  const { service_id, component_id, role, metrics } = service;
  const labels = labelText({
    service_id,
    component_id,
    role,
    pipeline: service.metadata["pipeline"] ?? "",
    network: networkOf(service),
  });
  exposition.sample(
    "flowctl_service_healthy",
    "gauge",
    "1 when the service is healthy, else 0.",
    labels,
    isHealthy(service) ? 1 : 0,
  );
  exposition.sample(
    "flowctl_service_last_heartbeat_timestamp_seconds",
    "gauge",
    "When the service was last heard of, Unix seconds.",
    labels,
    service.last_heartbeat_ms / 1_000,
  );
  const told = new Set<string>();
  for (const [name, value] of Object.entries(metrics)) {
    if (name.startsWith(OF_PROCESS)) continue;
    const exposed = metricName(name);
    // Two names that Prometheus cannot tell apart: the first counts.
    if (told.has(exposed)) continue;
    told.add(exposed);
    exposition.sample(
      PREFIX + exposed,
      "untyped",
      `${exposed} as components tell it with their heartbeats.`,
      labels,
      value,
    );
  }
}

export function exposeLag(exposition: Exposition, lag: NetworkLag): void {
  const { pipeline, network, component_id, service_id, lag_ledgers } = lag;
  exposition.sample(
    "flowctl_pipeline_lag_ledgers",
    "gauge",
    "Ledgers that a source is behind the newest of its network.",
    labelText({ pipeline, network, source: component_id, service_id }),
    lag_ledgers,
  );
}

export function exposeStates(exposition: Exposition, services: readonly ServiceRecord[]): void {
  const counts = new Map<ServiceRecord["role"], Map<ServiceRecord["state"], number>>();
  for (const { role, state } of services) {
    const states = counts.get(role) ?? new Map<ServiceRecord["state"], number>();
    counts.set(role, states.set(state, (states.get(state) ?? 0) + 1));
  }
  for (const [role, states] of counts) {
    for (const [state, count] of states) {
      exposition.sample(
        "flowctl_services",
        "gauge",
        "Registered services by role and state.",
        labelText({ role, state }),
        count,
      );
    }
  }
}
