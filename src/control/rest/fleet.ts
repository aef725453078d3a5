/** Changing what the fleet runs over REST: the same as `flowctl apply` and `flowctl delete`. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { ControlPlane } from "../control-plane.ts";
import { errorResponses, jsonResponse, notFound, shortly } from "./errors.ts";
import { flagParameter, query } from "./query.ts";
import { timeSchema, timeText } from "./time.ts";

/** Whom the revision names where a request came by REST. */
const BY_REST = "rest";

const appliedSchema = v.strictObject({
  id: v.pipe(v.string(), v.description("namespace/name.")),
  revision: v.number(),
  changed: v.pipe(v.boolean(), v.description("False: this very file is applied already.")),
  applied_at: timeSchema,
  placements: v.array(v.strictObject({
    component_id: v.string(),
    agent: v.pipe(v.string(), v.description("Empty: it waits for an agent.")),
    epoch: v.number(),
    reason: v.string(),
  })),
  problems: v.array(v.string()),
  warnings: v.array(v.string()),
});

export function fleetRoutes({ fleet }: ControlPlane): Hono {
  const app = new Hono();
  app.post(
    "/api/pipelines",
    describeRoute({
      tags: ["Pipelines"],
      summary: "Have the fleet run a pipeline: the body is its YAML file",
      requestBody: {
        required: true,
        content: { "application/yaml": { schema: { type: "string" } } },
      },
      responses: {
        200: jsonResponse("It is applied, or would be.", appliedSchema),
        ...errorResponses(400),
      },
    }),
    query({ dry_run: flagParameter("Only say what would stand where.") }),
    async (c) => {
      const yaml = await c.req.text();
      const dryRun = c.req.valid("query").dry_run === "true";
      const { pipeline, changed, warnings } = await fleet.apply(yaml, BY_REST, dryRun);
      return c.json({
        id: pipeline.id,
        revision: pipeline.revision,
        changed,
        applied_at: timeText(pipeline.applied_at_ms),
        placements: pipeline.placements.map(({ component_id, agent, epoch, reason }) => ({
          component_id,
          agent,
          epoch,
          reason,
        })),
        problems: pipeline.problems,
        warnings,
      });
    },
  );
  app.delete(
    "/api/pipelines/:id{.+}",
    describeRoute({
      tags: ["Pipelines"],
      summary: "Take a pipeline away from the fleet; what its sinks hold stays",
      responses: {
        200: jsonResponse("It is gone.", v.strictObject({ deleted: v.string() })),
        ...errorResponses(400, 404),
      },
    }),
    query({}),
    async (c) => {
      const id = c.req.param("id");
      if (!await fleet.removePipeline(id)) throw notFound(`pipeline ${shortly(id)}`);
      return c.json({ deleted: id });
    },
  );
  return app;
}
