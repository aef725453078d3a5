/**
 * /healthz, /health, /readyz: for load balancers, supervisors and people.
 *
 * The server is alive as long as it answers: that a pipeline lags must not make a supervisor kill
 * the control plane. So /healthz says "degraded" with status 200 then, and the check by itself,
 * /healthz/stellar_network_sync, says 503.
 */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { DescribeRouteOptions } from "hono-openapi";
import * as v from "valibot";
import { messageOf } from "../../spec/errors.ts";
import { VERSION } from "../../version.ts";
import type { ControlPlane } from "../control-plane.ts";
import { networkLags } from "../network-lag.ts";
import { errorResponses, jsonResponse, notFound, shortly } from "./errors.ts";
import { query } from "./query.ts";

/** A store that takes longer does not answer. */
const STORE_TIMEOUT_MS = 3_000;

const STATUSES = ["healthy", "unhealthy"] as const;

const checkSchema = v.strictObject({
  status: v.picklist(STATUSES),
  message: v.string(),
});
const healthSchema = v.strictObject({
  status: v.pipe(
    v.picklist(["healthy", "degraded", "unhealthy"]),
    v.description("Degraded: the control plane works, but a check on pipelines fails."),
  ),
  version: v.string(),
  checks: v.record(v.string(), checkSchema),
});

type Check = v.InferOutput<typeof checkSchema>;

export interface HealthOptions {
  readonly plane: ControlPlane;
  readonly maxLagLedgers: number;
  /** False once the server is asked to stop: load balancers turn away, calls go on to their end. */
  readonly accepting: () => boolean;
}

export function healthRoutes(options: HealthOptions): Hono {
  const app = new Hono();
  const checks = healthChecks(options);
  const health = async () => {
    const [store, sync] = await Promise.all([checks.store(), checks.stellar_network_sync()]);
    const status = store.status === "unhealthy"
      ? "unhealthy"
      : sync.status === "unhealthy"
      ? "degraded"
      : "healthy";
    return { status, version: VERSION, checks: { store, stellar_network_sync: sync } } as const;
  };
  for (const path of ["/healthz", "/health"]) {
    app.get(
      path,
      describeRoute({
        tags: ["Health"],
        summary: "How the control plane is, and its checks",
        responses: { ...answers("The control plane works.", healthSchema), ...errorResponses(400) },
      }),
      query({}),
      async (c) => {
        const report = await health();
        return c.json(report, report.status === "unhealthy" ? 503 : 200);
      },
    );
  }
  app.get(
    "/healthz/:check",
    describeRoute({
      tags: ["Health"],
      summary: "One check by itself: store or stellar_network_sync",
      responses: { ...answers("Healthy.", checkSchema), ...errorResponses(400, 404) },
    }),
    query({}),
    async (c) => {
      const name = c.req.param("check");
      const check = Object.entries(checks).find(([known]) => known === name)?.[1];
      if (check === undefined) throw notFound(`check ${shortly(name)}`);
      const found = await check();
      return c.json(found, found.status === "healthy" ? 200 : 503);
    },
  );
  app.get(
    "/readyz",
    describeRoute({
      tags: ["Health"],
      summary: "Whether calls should be sent here",
      responses: { ...answers("Ready.", checkSchema), ...errorResponses(400) },
    }),
    query({}),
    async (c) => {
      const ready: Check = options.accepting()
        ? await checks.store()
        : { status: "unhealthy", message: "the server is stopping" };
      return c.json(ready, ready.status === "healthy" ? 200 : 503);
    },
  );
  return app;
}

function answers(description: string, schema: v.GenericSchema) {
  return {
    200: jsonResponse(description, schema),
    503: jsonResponse("It is not so.", schema),
  } satisfies DescribeRouteOptions["responses"];
}

/** The checks by their names. */
export function healthChecks({ plane, maxLagLedgers }: Omit<HealthOptions, "accepting">) {
  return {
    async store(): Promise<Check> {
      try {
        await within(STORE_TIMEOUT_MS, plane.store.listRuns({ limit: 1 }));
        return { status: "healthy", message: "the store answers" };
      } catch (error) {
        plane.log.warn("the store does not answer", { error: messageOf(error) });
        return { status: "unhealthy", message: "the store does not answer" };
      }
    },
    async stellar_network_sync(): Promise<Check> {
      const lags = networkLags(plane.registry.list());
      const behind = lags.map(({ lag_ledgers }) => lag_ledgers).filter((lag) =>
        lag > maxLagLedgers
      );
      if (lags.length === 0) {
        return { status: "healthy", message: "no source tells how far its network is" };
      }
      // Probes have no credentials, so names of pipelines are only in /api/pipelines and /metrics.
      return behind.length === 0
        ? {
          status: "healthy",
          message:
            `all of ${lags.length} sources are within ${maxLagLedgers} ledgers of the network`,
        }
        : {
          status: "unhealthy",
          message: `${behind.length} of ${lags.length} sources are more than ${maxLagLedgers} ` +
            `ledgers behind the network, the furthest by ${Math.max(...behind)}`,
        };
    },
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
