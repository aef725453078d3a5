/** What the server says of itself on its health port. */

import type { ControlPlane } from "../../control/control-plane.ts";
import type { HealthReport } from "../../control/health/report.ts";
import { isHealthy } from "../../control/wire/services.ts";

export function serverHealth(plane: ControlPlane, accepting: boolean): HealthReport {
  const services = plane.registry.list().filter(({ state }) => state !== "gone");
  return {
    status: "healthy",
    ready: accepting,
    message: accepting ? "" : "stopping",
    metrics: {
      services: services.length,
      services_healthy: services.filter(isHealthy).length,
    },
    components: [],
    labels: {},
  };
}
