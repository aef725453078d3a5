/**
 * The small HTTP server by which a process can be watched where it runs: /health, /ready, /live
 * and /metrics on loopback.
 */

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../../flow/component.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { EXPOSITION_TYPE } from "../metrics/exposition.ts";
import { isWell, reportText } from "./report.ts";
import type { HealthReport } from "./report.ts";

export const DEFAULT_HEALTH_PORT = 8_088;
const HOST = "127.0.0.1";
const REQUEST_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 8_192;

export interface HealthServerOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Called once a request. */
  readonly report: () => HealthReport;
  readonly log: Logger;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The port that HEALTH_PORT names, else 8088. */
export function healthPortOf(env: Readonly<Record<string, string | undefined>>): number {
  const text = env["HEALTH_PORT"] ?? "";
  if (text === "") return DEFAULT_HEALTH_PORT;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new FlowctlError("cli/usage", `HEALTH_PORT cannot be '${text}'`, {
    hint: "give a port number, such as 8088",
  });
}

/** Undefined, after a warning, when the port cannot be had: work goes on without being watched. */
export async function startHealthServer(
  { port, report, log }: HealthServerOptions,
): Promise<HealthServer | undefined> {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
  }, (request, response) => {
    answer(request, response, report).catch((error: unknown) => {
      log.error("the health port failed on a request", { error });
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { status: "unhealthy", message: "internal error" });
    });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, HOST, resolve);
    });
  } catch (error) {
    log.warn(`the health port ${port} cannot be had, going on without it`, {
      error: messageOf(error),
      hint: "HEALTH_PORT names another",
    });
    return undefined;
  }
  // A run that has ended must not be kept alive by being watched.
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  report: () => HealthReport,
): Promise<void> {
  const { method = "GET", headers } = request;
  const [path = "/", search = ""] = (request.url ?? "/").split("?", 2);
  if (!PATHS.has(path)) {
    return sendJson(response, 404, { error: `there is no ${path.slice(0, 100)}` });
  }
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return sendJson(response, 405, { error: "only GET and HEAD" });
  }
  const now = report();
  const { labels: _labels, ...shown } = now;
  const body = { ...shown, uptime_seconds: Math.floor(process.uptime()) };
  if (path === "/metrics" && !wantsJson(search, headers.accept ?? "")) {
    const { processMetrics } = await import("../metrics/process.ts");
    response.writeHead(200, { "content-type": EXPOSITION_TYPE });
    response.end(processMetrics() + reportText(now));
    return;
  }
  const well = path === "/health" ? isWell(now) : path === "/ready" ? now.ready : true;
  sendJson(response, well ? 200 : 503, body);
}

const PATHS: ReadonlySet<string> = new Set(["/health", "/ready", "/live", "/metrics"]);

/** Prometheus names its own types first; who asks for JSON alone, or by name, gets JSON. */
function wantsJson(search: string, accept: string): boolean {
  const format = new URLSearchParams(search).get("format");
  return format === "json" || (format === null && /^application\/json\b/.test(accept.trim()));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
