/** What the environment says about reporting: the variables that components in use know. */

import { FlowctlError } from "../../spec/errors.ts";
import { parseDuration_ms } from "../../spec/quantity.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_HEARTBEAT_INTERVAL_MS = 10_000;
/** More often helps nobody; a value below is a mistake, such as seconds taken for milliseconds. */
export const MIN_HEARTBEAT_INTERVAL_MS = 100;

/** True when ENABLE_FLOWCTL or FLOWCTL_ENABLED says so. */
export function isReportingEnabled(env: Environment): boolean {
  return [env["ENABLE_FLOWCTL"], env["FLOWCTL_ENABLED"]].some((value) =>
    ["true", "1", "yes", "on"].includes(value?.trim().toLowerCase() ?? "")
  );
}

/**
 * FLOWCTL_HEARTBEAT_INTERVAL (`10s`), FLOWCTL_HEARTBEAT_INTERVAL_MS or HEARTBEAT_INTERVAL_SECONDS,
 * in this order; default 10 s. Throws `cli/usage` for what is no duration.
 */
export function heartbeatInterval_ms(env: Environment): number {
  for (const [name, unit_ms] of INTERVALS) {
    const text = env[name]?.trim();
    if (text === undefined || text === "") continue;
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) * unit_ms : parseDuration_ms(text);
    if (value !== undefined && value > 0) return Math.max(MIN_HEARTBEAT_INTERVAL_MS, value);
    throw new FlowctlError("cli/usage", `${name} is '${text}', which is no duration`, {
      hint: "Write it like 10s, or 500ms.",
    });
  }
  return DEFAULT_HEARTBEAT_INTERVAL_MS;
}

/** What a number without a unit means in each. */
const INTERVALS: readonly (readonly [string, number])[] = [
  ["FLOWCTL_HEARTBEAT_INTERVAL", 1000],
  ["FLOWCTL_HEARTBEAT_INTERVAL_MS", 1],
  ["HEARTBEAT_INTERVAL_SECONDS", 1000],
];
