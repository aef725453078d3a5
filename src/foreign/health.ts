/** Looks after a running component: says in the log when it is no longer well, and when it is again. */

import { ConnectError } from "@connectrpc/connect";
import type { ComponentContext } from "../flow/component.ts";
import { HealthStatus } from "../gen/proto/flowctl/v1/common_pb.js";
import { messageOf } from "../spec/errors.ts";
import type { Link } from "./link.ts";
import type { Peer } from "./peer.ts";

export const HEALTH_INTERVAL_ms = 10_000;
const HTTP_LIMIT_ms = 5_000;

/** "well" also where a component says UNKNOWN, as those of the Go SDK always do. */
export type Health = { readonly well: true } | { readonly well: false; readonly why: string };

const WELL: Health = { well: true };

/** Watches until the returned function is called. The gauge `healthy` is 1 or 0. */
export function watchHealth(context: ComponentContext, peer: Peer): () => void {
  const { spec, log, meter } = context;
  let last: Health = WELL;

  async function look(): Promise<void> {
    const link = peer.current();
    if (link === undefined) return;
    const now = await healthOf(link, spec.external?.health_check);
    if (link.lost.aborted) return;
    meter.set("healthy", now.well ? 1 : 0);
    if (!now.well && (last.well || last.why !== now.why)) {
      log.warn(`the component is not well: ${now.why}`);
    }
    if (now.well && !last.well) log.info("the component is well again");
    last = now;
  }

  const timer = setInterval(() => void look(), HEALTH_INTERVAL_ms);
  timer.unref();
  return () => clearInterval(timer);
}

/** `check`: a path on the component's health port, or a URL; undefined: its gRPC HealthCheck. */
export async function healthOf(link: Link, check: string | undefined): Promise<Health> {
  if (check !== undefined) return await overHttp(urlOf(link, check));
  try {
    const { status, message } = await link.healthCheck();
    if (status !== HealthStatus.UNHEALTHY && status !== HealthStatus.DEGRADED) return WELL;
    const said = message === "" ? "" : `: ${message}`;
    return { well: false, why: `it says ${HealthStatus[status]?.toLowerCase()}${said}` };
  } catch (error) {
    return { well: false, why: ConnectError.from(error).rawMessage };
  }
}

function urlOf(link: Link, check: string): string {
  if (/^https?:\/\//.test(check)) return check;
  const origin = link.address.health ?? `http://${link.address.endpoint}`;
  return new URL(check, origin).href;
}

async function overHttp(url: string): Promise<Health> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(HTTP_LIMIT_ms) });
    await response.body?.cancel();
    return response.ok ? WELL : { well: false, why: `${url} answers ${response.status}` };
  } catch (error) {
    return { well: false, why: `${url}: ${messageOf(error)}` };
  }
}
