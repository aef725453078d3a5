/** REST over the control plane: every route, what is answered where there is none, and the docs. */

import { Hono } from "hono";
import type { ControlPlane } from "../control-plane.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { agentsRoutes } from "./agents.ts";
import { componentsRoutes } from "./components.ts";
import { docsRoutes } from "./docs.ts";
import { answerErrors, errorBody, shortly } from "./errors.ts";
import { eventsRoutes } from "./events.ts";
import { fleetRoutes } from "./fleet.ts";
import { healthRoutes } from "./health.ts";
import { metricsRoutes } from "./metrics.ts";
import { pipelinesRoutes } from "./pipelines.ts";
import { runsRoutes } from "./runs.ts";
import { servicesRoutes } from "./services.ts";

/** Characters of a path with its query. */
export const MAX_URL = 8_192;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

export interface RestOptions {
  readonly plane: ControlPlane;
  readonly metrics: Metrics;
  readonly maxLagLedgers: number;
  readonly accepting: () => boolean;
}

export type Fetch = (request: Request) => Promise<Response>;

/** The routes, for the server and for the test that holds each against its description. */
export function restRoutes(options: RestOptions): Hono {
  const { plane } = options;
  const app = new Hono();
  app.onError(
    answerErrors((error) => plane.log.error("a REST request failed", { error: messageOf(error) })),
  );
  app.notFound((c) => {
    const allowed = allowedMethods(app, c.req.path);
    if (allowed.length === 0) {
      const message = `there is no ${shortly(c.req.path)}`;
      return c.json(errorBody("control/not-found", message, "/docs lists what there is"), 404);
    }
    const allow = [...allowed, "OPTIONS"].join(", ");
    if (c.req.method === "OPTIONS") return c.body(null, 204, { allow });
    const message = `${shortly(c.req.path)} takes ${allow}, not ${shortly(c.req.method)}`;
    return c.json(errorBody("control/invalid-request", message), 405, { allow });
  });
  for (
    const routes of [
      healthRoutes(options),
      servicesRoutes(plane),
      pipelinesRoutes(plane),
      runsRoutes(plane),
      componentsRoutes(),
      eventsRoutes(plane),
      agentsRoutes(plane),
      fleetRoutes(plane),
      metricsRoutes(options.metrics),
    ]
  ) {
    app.route("/", routes);
  }
  app.route("/", docsRoutes(app));
  return app;
}

export function restApp(options: RestOptions): Fetch {
  const app = restRoutes(options);
  const { httpAnswered } = options.metrics.instruments;
  return async (request) => {
    const response = request.url.length > MAX_URL ? tooLong() : await app.fetch(request);
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    httpAnswered(request.method, response.status);
    return response;
  };
}

function tooLong(): Response {
  const error = new FlowctlError("control/invalid-request", `the URL is longer than ${MAX_URL}`);
  return Response.json(errorBody(error.code, error.message), { status: 414 });
}

/** HEAD is answered wherever GET is. */
function allowedMethods(app: Hono, path: string): readonly string[] {
  return METHODS.filter((method) =>
    app.router.match(method === "HEAD" ? "GET" : method, path)[0].length > 0
  );
}
