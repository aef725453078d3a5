/**
 * What a process says of itself on its health port, in the shape that components built with the
 * Go SDK have: `status` and `metrics`, so that whatever watches those can watch these.
 */

import type { ServiceRole, ServiceState } from "../model.ts";
import { createExposition, labelText, metricName } from "../metrics/exposition.ts";

export interface ComponentHealth {
  readonly component_id: string;
  readonly role: ServiceRole;
  readonly status: ServiceState;
  /** The names that it heartbeats. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface HealthReport {
  readonly status: ServiceState;
  /** False while it starts and once it ends: nothing should be sent to it. */
  readonly ready: boolean;
  /** One sentence; empty when there is nothing to say. */
  readonly message: string;
  /** Of the process as a whole. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly components: readonly ComponentHealth[];
  /** Put on every metric: pipeline, network. */
  readonly labels: Readonly<Record<string, string>>;
}

const PREFIX = "flowctl_component_";
const OF_PROCESS = "cdp.";

export function isWell({ status }: Pick<HealthReport, "status">): boolean {
  return status === "healthy" || status === "degraded" || status === "starting";
}

/** The report in Prometheus' text format, by the names that the control plane's /metrics has. */
export function reportText(report: HealthReport): string {
  const exposition = createExposition();
  exposition.sample(
    "flowctl_up",
    "gauge",
    "1 when the process says that it is healthy, else 0.",
    labelText(report.labels),
    isWell(report) ? 1 : 0,
  );
  const expose = (metrics: HealthReport["metrics"], labels: string) => {
    for (const [name, value] of Object.entries(metrics)) {
      const exposed = metricName(name);
      const family = name.startsWith(OF_PROCESS) ? exposed : PREFIX + exposed;
      exposition.sum(family, "untyped", `${exposed} as heartbeats tell it.`, labels, value);
    }
  };
  expose(report.metrics, labelText(report.labels));
  for (const { component_id, role, status, metrics } of report.components) {
    const labels = labelText({ ...report.labels, component_id, role });
    exposition.sample(
      "flowctl_component_healthy",
      "gauge",
      "1 when the component is healthy, else 0.",
      labels,
      isWell({ status }) ? 1 : 0,
    );
    expose(metrics, labels);
  }
  return [...exposition.texts()].join("");
}
