/** A log line in the Elastic Common Schema, version 8.11: its own fields, ours under `flowctl`. */

import { VERSION } from "../../version.ts";

const ECS_VERSION = "8.11.0";

/** Turns pino's JSON lines into ECS; what is not JSON becomes the message of one. */
export function ecsLine(line: string): string {
  const parsed = parsedLine(line);
  const { level, time, message, error, component, ...rest } = parsed ?? { message: line.trimEnd() };
  return JSON.stringify({
    "@timestamp": time ?? new Date().toISOString(),
    "log.level": level ?? "info",
    message,
    "ecs.version": ECS_VERSION,
    "service.name": "flowctl",
    "service.version": VERSION,
    ...(component === undefined ? {} : { "log.logger": component }),
    ...(error === undefined ? {} : { "error.message": error }),
    ...(Object.keys(rest).length === 0 ? {} : { flowctl: rest }),
  }) + "\n";
}

function parsedLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
