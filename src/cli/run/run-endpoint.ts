/** With which control planes a run has to do, if with any. */

import type { EndpointOptions } from "../../control/client/endpoint.ts";
import { isReportingEnabled } from "../../control/client/report-settings.ts";
import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import { endpointOf } from "../client/server-options.ts";
import type { ServerOptions } from "../client/server-options.ts";

/**
 * Undefined unless the user asks for it: by `--server` (or a context), or by ENABLE_FLOWCTL with
 * FLOWCTL_ENDPOINT, FLOWCTL_SERVER, the file's `control_plane.endpoint`, the context in use or the
 * default, whichever of these comes first.
 */
export function runEndpoint(
  options: ServerOptions,
  pipeline: PipelineSpec,
  env: Readonly<Record<string, string | undefined>>,
): EndpointOptions | undefined {
  const asked = options.server !== undefined || options.context !== undefined;
  if (asked) return endpointOf(options, env);
  if (!isReportingEnabled(env)) return undefined;
  const inFile = pipeline.control_plane?.["endpoint"];
  const server = env["FLOWCTL_ENDPOINT"] || env["FLOWCTL_SERVER"] ||
    (typeof inFile === "string" ? inFile : undefined);
  return endpointOf(server === undefined ? options : { ...options, server }, env);
}

/**
 * True for a component that the run starts: it registers with a control plane, which must answer
 * before, so the run has one of its own. That costs 25 ms, so only such runs have one.
 */
export function startsProcess({ external }: ComponentSpec): boolean {
  return external !== undefined && external.command.length > 0;
}
