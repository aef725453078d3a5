/**
 * Looks after a running component: says when it is no longer well, and when it is again; one that
 * stays unwell is given up, so that it is started again or connected to anew.
 */

import { ConnectError } from "@connectrpc/connect";
import type { ComponentContext } from "../flow/component.ts";
import { sleep } from "../flow/retry.ts";
import { HealthStatus } from "../gen/proto/flowctl/v1/common_pb.js";
import { messageOf } from "../spec/errors.ts";
import { CALL_LIMIT_ms } from "./link.ts";
import type { Link } from "./link.ts";
import type { Peer } from "./peer.ts";

/** Between looks; shorter where `unhealthy_after` leaves no time for several. */
export const HEALTH_INTERVAL_ms = 10_000;
const MIN_INTERVAL_ms = 50;
/** Looks within `unhealthy_after`, so that no single one decides. */
const LOOKS = 4;
const MAX_BODY_chars = 65_536;

/** "degraded" never makes flowctl do anything but say so. */
export type State = "well" | "degraded" | "unhealthy" | "silent";

export interface Health {
  readonly state: State;
  /** Empty when it is well. */
  readonly why: string;
}

/** `stated`: by the component itself, in its body or as 503. */
interface HttpHealth extends Health {
  readonly stated: boolean;
}

const WELL: Health = { state: "well", why: "" };

/** Watches until the returned function is called. The gauges `healthy` and `degraded` are 1 or 0. */
export function watchHealth(context: ComponentContext, peer: Peer): () => void {
  const { spec, log, meter } = context;
  const { health_check, restart_policy } = spec.external ?? {};
  const patience_ms = restart_policy?.unhealthy_after_ms ?? 0;
  const interval_ms = intervalOf(patience_ms);
  const released = new AbortController();
  let last = WELL;
  let watched: Link | undefined;
  let unwellSince: number | undefined;

  function tell(now: Health): void {
    // A single look without an answer may be the look's fault.
    const passing = now.state === "degraded" || (now.state === "silent" && last.state === "well");
    meter.set("healthy", now.state === "well" || passing ? 1 : 0);
    meter.set("degraded", passing ? 1 : 0);
    if (now.state === "well" && last.state !== "well") log.info("the component is well again");
    if (now.state !== "well" && now.why !== last.why) {
      log.warn(`the component is not well: ${now.why}`);
    }
    last = now;
  }

  async function look(): Promise<void> {
    const link = peer.current();
    if (link !== watched) unwellSince = undefined;
    watched = link;
    if (link === undefined) {
      meter.set("degraded", 1);
      return;
    }
    const asked = performance.now();
    const now = await healthOf(link, health_check, Math.min(CALL_LIMIT_ms, interval_ms));
    if (link.lost.aborted || released.signal.aborted) return;
    tell(now);
    const unwell = now.state === "unhealthy" || now.state === "silent";
    unwellSince = unwell ? unwellSince ?? asked : undefined;
    if (unwellSince === undefined || patience_ms === 0) return;
    const for_ms = performance.now() - unwellSince;
    if (for_ms < patience_ms) return;
    unwellSince = undefined;
    await peer.giveUp(link, `it was not well for ${(for_ms / 1000).toFixed(1)} s: ${now.why}`);
  }

  async function watch(): Promise<void> {
    while (!released.signal.aborted) {
      await sleep(interval_ms, released.signal);
      if (!released.signal.aborted) await look();
    }
  }

  void watch();
  return () => released.abort();
}

function intervalOf(patience_ms: number): number {
  if (patience_ms === 0) return HEALTH_INTERVAL_ms;
  return Math.max(MIN_INTERVAL_ms, Math.min(HEALTH_INTERVAL_ms, patience_ms / LOOKS));
}

/**
 * `check`: a path on the component's health port, or a URL; undefined: its gRPC HealthCheck, and
 * where that says UNKNOWN, as those of the Go SDK always do, /health on its health port.
 */
export async function healthOf(
  link: Link,
  check: string | undefined,
  limit_ms: number = CALL_LIMIT_ms,
): Promise<Health> {
  if (check !== undefined) return await overHttp(urlOf(link, check), limit_ms);
  try {
    const { status, message } = await link.healthCheck(limit_ms);
    const { health } = link.address;
    if (status === HealthStatus.UNKNOWN && health !== undefined) {
      // Many serve no HTTP, or not this page; that gRPC answers is enough then.
      const told = await overHttp(`${health}/health`, limit_ms);
      return told.stated ? told : WELL;
    }
    const state = STATES[HealthStatus[status]?.toLowerCase() ?? ""] ?? "well";
    return state === "well" ? WELL : { state, why: saying(state, message) };
  } catch (error) {
    return { state: "silent", why: `its HealthCheck: ${ConnectError.from(error).rawMessage}` };
  }
}

const STATES: Readonly<Record<string, State>> = { degraded: "degraded", unhealthy: "unhealthy" };

function saying(state: State, message: string): string {
  return `it says ${state}${message === "" ? "" : `: ${message}`}`;
}

function urlOf(link: Link, check: string): string {
  if (/^https?:\/\//.test(check)) return check;
  const origin = link.address.health ?? `http://${link.address.endpoint}`;
  return new URL(check, origin).href;
}

async function overHttp(url: string, limit_ms: number): Promise<HttpHealth> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(limit_ms) });
    const state = statusIn(await response.text());
    if (state !== undefined) return { state, why: saying(state, ""), stated: true };
    const { ok, status } = response;
    if (ok) return { ...WELL, stated: true };
    return { state: "unhealthy", why: `${url} answers ${status}`, stated: status === 503 };
  } catch (error) {
    return { state: "silent", why: `${url}: ${messageOf(error)}`, stated: false };
  }
}

/** What `{"status": …}` says, as components of the Go SDK do; undefined: well, or not said. */
function statusIn(body: string): State | undefined {
  if (body.length > MAX_BODY_chars) return undefined;
  try {
    const told: unknown = JSON.parse(body);
    const status = typeof told === "object" && told !== null && "status" in told ? told.status : "";
    return typeof status === "string" ? STATES[status.toLowerCase()] : undefined;
  } catch {
    return undefined;
  }
}
