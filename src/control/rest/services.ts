/** /api/services: everything that is registered. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { ControlPlane } from "../control-plane.ts";
import type { ServiceRecord } from "../model.ts";
import { MAX_SERVICES } from "../registry/registry.ts";
import { isHealthy } from "../wire/services.ts";
import { errorResponses, jsonResponse, notFound, shortly } from "./errors.ts";
import { jsonListStream } from "./json-stream.ts";
import { nextSchema, pageOf } from "./page.ts";
import { flagParameter, limitParameter, query, textParameter } from "./query.ts";
import { SERVICE_STATES, SERVICE_TYPES, serviceJson, serviceSchema } from "./service-json.ts";

/** Services of an answer that does not say how many; about 1 MB. */
const DEFAULT_SERVICES = 1_000;

const servicesSchema = v.strictObject({
  services: v.array(serviceSchema),
  total: v.pipe(v.number(), v.description("How many there are on all pages.")),
  next: nextSchema,
});

const FILTERS = {
  pipeline: textParameter("Only those of this pipeline."),
  agent: textParameter("Only those that run on this agent."),
  type: v.optional(v.picklist(SERVICE_TYPES)),
  status: v.optional(v.picklist(SERVICE_STATES)),
  healthy: flagParameter("Only the healthy, or only the others."),
  include_gone: flagParameter("Also those that have been silent for long."),
  after: textParameter("Where the page before ended: its `next`."),
  limit: limitParameter(MAX_SERVICES, DEFAULT_SERVICES),
};

type Filters = { readonly [key in keyof typeof FILTERS]?: string | undefined };

export function servicesRoutes(plane: ControlPlane): Hono {
  const app = new Hono();
  app.get(
    "/api/services",
    describeRoute({
      tags: ["Services"],
      summary: "What is registered, by service id",
      responses: {
        200: jsonResponse("A page of services.", servicesSchema),
        ...errorResponses(400),
      },
    }),
    query(FILTERS),
    (c) => {
      const filters = c.req.valid("query");
      const found = plane.registry.list().filter(matcher(filters));
      const limit = Number(filters.limit ?? DEFAULT_SERVICES);
      const { items, next } = pageOf(found, (it) => it.service_id, filters.after ?? "", limit);
      const rest = { total: found.length, next };
      const body = jsonListStream("services", items, serviceJson, rest);
      return c.body(body, 200, { "content-type": "application/json" });
    },
  );
  app.get(
    "/api/services/:id{.+}",
    describeRoute({
      tags: ["Services"],
      summary: "One service",
      responses: { 200: jsonResponse("The service.", serviceSchema), ...errorResponses(400, 404) },
    }),
    query({}),
    (c) => {
      const id = c.req.param("id");
      const service = plane.registry.get(id);
      if (service === undefined) throw notFound(`service ${shortly(id)}`);
      return c.json(serviceJson(service));
    },
  );
  return app;
}

function matcher(filters: Filters): (service: ServiceRecord) => boolean {
  const { pipeline, agent, type, status, healthy } = filters;
  const showGone = filters.include_gone === "true" || status === "gone";
  return (service) =>
    (showGone || service.state !== "gone") &&
    (pipeline === undefined || service.metadata["pipeline"] === pipeline) &&
    (agent === undefined || service.metadata["agent"] === agent) &&
    (type === undefined || service.role === type) &&
    (status === undefined || service.state === status) &&
    (healthy === undefined || isHealthy(service) === (healthy === "true"));
}
