/** When a NATS server writes to disk what it has acknowledged, as far as it tells. */

import type { NatsConnection } from "@nats-io/transport-node";

/** Below this most mainnet ledgers travel in parts. */
export const MAX_PLAIN_PAYLOAD_bytes = 1024 * 1024;
const TIMEOUT_ms = 2_000;
const NANOS_PER_MS = 1_000_000;
const SYSTEM_REQUEST = "$SYS.REQ.SERVER.PING.VARZ";

/**
 * "always", or the interval in ms; undefined: it cannot be found out. Read from the monitoring
 * address when there is one, else by the system account, which only few users belong to.
 */
export async function serverSync(
  connection: NatsConnection,
  monitor_url: string | undefined,
): Promise<"always" | number | undefined> {
  const told = monitor_url === undefined ? undefined : await fromMonitor(monitor_url);
  return syncOf(told ?? await fromSystemAccount(connection));
}

async function fromMonitor(url: string): Promise<unknown> {
  try {
    const address = new URL("/varz", url);
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_ms) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

async function fromSystemAccount(connection: NatsConnection): Promise<unknown> {
  try {
    const answer = await connection.request(SYSTEM_REQUEST, "", { timeout: TIMEOUT_ms });
    return field(answer.json<unknown>(), "data");
  } catch {
    return undefined;
  }
}

function syncOf(varz: unknown): "always" | number | undefined {
  const config = field(field(varz, "jetstream"), "config");
  if (field(config, "sync_always") === true) return "always";
  const interval = field(config, "sync_interval");
  return typeof interval === "number" ? interval / NANOS_PER_MS : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
