/** What the server measures of itself: its process, its calls. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import { Counter, Histogram, Registry } from "prom-client";
import { processMetrics } from "./process.ts";

const BOUNDS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export interface Instruments {
  readonly interceptor: Interceptor;
  httpAnswered(method: string, status: number): void;
  /** In the exposition format. */
  text(): Promise<string>;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"]);

export function createInstruments(): Instruments {
  const registry = new Registry();
  const calls = new Histogram({
    name: "flowctl_rpc_duration_seconds",
    help: "Time to answer a call; of streams, until their answer begins.",
    labelNames: ["service", "method", "code"],
    buckets: BOUNDS_SECONDS,
    registers: [registry],
  });
  const requests = new Counter({
    name: "flowctl_http_requests_total",
    help: "REST requests answered.",
    labelNames: ["method", "status"],
    registers: [registry],
  });
  return {
    interceptor: (next) => async (request) => {
      const begin = performance.now();
      let code = "ok";
      try {
        return await next(request);
      } catch (error) {
        code = Code[ConnectError.from(error).code].toLowerCase();
        throw error;
      } finally {
        const { service, method } = request;
        calls.observe(
          { service: service.typeName, method: method.name, code },
          (performance.now() - begin) / 1_000,
        );
      }
    },
    // Methods are the client's to invent: labels are not.
    httpAnswered: (method, status) =>
      requests.inc({ method: METHODS.has(method) ? method : "other", status: String(status) }),
    text: async () => `${processMetrics()}${await registry.metrics()}\n`,
  };
}
