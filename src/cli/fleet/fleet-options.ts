/** Options that servers and agents of a fleet share. */

import process from "node:process";
import type { FleetSetup, FleetTimes } from "../../control/fleet/setup.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { parseDuration_ms } from "../../spec/quantity.ts";

/** A grace below this takes work from agents that only draw breath. */
const MIN_GRACE_ms = 1_000;
/** Agents are unhealthy after a quarter of the grace, at the most. */
const TTL_SHARE = 4;
const REPORTS_PER_TTL = 3;

/** NATS as `--nats` or NATS_URL says; undefined: none. Credentials may stand in the URL or beside. */
export function natsOf(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): FleetSetup["nats"] {
  const servers = given ?? env["NATS_URL"] ?? "";
  if (servers.trim() === "") return undefined;
  const pick = (name: string) => env[name] === "" ? undefined : env[name];
  const credentials = Object.fromEntries(
    Object.entries({
      user: pick("NATS_USER"),
      password: pick("NATS_PASSWORD"),
      token: pick("NATS_TOKEN"),
      nkey_file: pick("NATS_NKEY"),
      creds_file: pick("NATS_CREDS"),
      tls_ca: pick("NATS_CA"),
      tls_cert: pick("NATS_CERT"),
      tls_key: pick("NATS_KEY"),
    }).filter(([, value]) => value !== undefined),
  );
  const monitor_url = pick("NATS_MONITOR");
  return { servers, credentials, ...(monitor_url === undefined ? {} : { monitor_url }) };
}

/** How often agents report and when they count as silent follows from the grace. */
export function fleetTimesOf(grace: string | undefined): FleetTimes {
  if (grace === undefined) return {};
  const grace_ms = parseDuration_ms(grace);
  if (grace_ms === undefined || grace_ms < MIN_GRACE_ms) {
    throw new FlowctlError("cli/usage", `--agent-grace cannot be '${grace}'`, {
      hint: "write a duration of a second or more, such as 30s",
    });
  }
  const ttl_ms = Math.round(Math.min(grace_ms / TTL_SHARE, 15_000));
  return {
    grace_ms,
    ttl_ms,
    report_interval_ms: Math.max(100, Math.round(ttl_ms / REPORTS_PER_TTL)),
  };
}
