/** A controller as the environment of a component asks for it. */

import process from "node:process";
import { Controller } from "./controller.ts";
import type { ControllerOptions } from "./controller.ts";
import { heartbeatInterval_ms, isReportingEnabled } from "./report-settings.ts";
import type { Environment } from "./report-settings.ts";

/** Where components look when the environment names no other place. */
export const DEFAULT_ENDPOINT = "localhost:8080";

/**
 * Undefined unless ENABLE_FLOWCTL (or FLOWCTL_ENABLED) is true: then nothing is contacted. Otherwise
 * FLOWCTL_ENDPOINT, FLOWCTL_TOKEN, FLOWCTL_COMPONENT_ID (or COMPONENT_ID), FLOWCTL_SERVICE_ID and
 * FLOWCTL_HEARTBEAT_INTERVAL fill in what the options leave out.
 *
 * @example
 * ```ts
 * const controller = controllerFromEnv({ role: "sink", metrics: () => ({ events_written }) });
 * controller?.start();
 * // … at the end:
 * controller?.reportStatus("completed");
 * await controller?.stop();
 * ```
 */
export function controllerFromEnv(
  options: Omit<ControllerOptions, "endpoint"> & { readonly endpoint?: string },
  env: Environment = process.env,
): Controller | undefined {
  if (!isReportingEnabled(env)) return undefined;
  const component_id = options.component_id ?? (env["FLOWCTL_COMPONENT_ID"] || env["COMPONENT_ID"]);
  const service_id = options.service_id ?? env["FLOWCTL_SERVICE_ID"];
  const token = options.token ?? env["FLOWCTL_TOKEN"];
  return new Controller({
    ...options,
    endpoint: options.endpoint ?? (env["FLOWCTL_ENDPOINT"] || DEFAULT_ENDPOINT),
    heartbeat_interval_ms: options.heartbeat_interval_ms ?? heartbeatInterval_ms(env),
    ...(token ? { token } : {}),
    ...(component_id ? { component_id } : {}),
    ...(service_id ? { service_id } : {}),
  });
}
