/** /api/pipelines: what was applied, and what is seen to run or has run. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { ControlPlane } from "../control-plane.ts";
import { errorResponses, jsonResponse, notFound, shortly } from "./errors.ts";
import { nextSchema, pageOf } from "./page.ts";
import { pipelinesOf } from "./pipelines-seen.ts";
import { pipelineJson, pipelineSchema } from "./pipeline-json.ts";
import { limitParameter, query, textParameter } from "./query.ts";

const MAX_PIPELINES = 20_000;
const DEFAULT_PIPELINES = 1_000;

const pipelinesSchema = v.strictObject({
  pipelines: v.array(pipelineSchema),
  total: v.pipe(v.number(), v.description("How many there are on all pages.")),
  next: nextSchema,
});
const onePipelineSchema = v.strictObject({
  ...pipelineSchema.entries,
  yaml: v.optional(v.pipe(v.string(), v.description("Its file, when it was applied."))),
});

export function pipelinesRoutes(plane: ControlPlane): Hono {
  const app = new Hono();
  app.get(
    "/api/pipelines",
    describeRoute({
      tags: ["Pipelines"],
      summary: "Pipelines that were applied, that run, or whose runs are remembered",
      responses: {
        200: jsonResponse("A page of pipelines.", pipelinesSchema),
        ...errorResponses(400),
      },
    }),
    query({
      after: textParameter("Where the page before ended: its `next`."),
      limit: limitParameter(MAX_PIPELINES, DEFAULT_PIPELINES),
    }),
    async (c) => {
      const { after, limit } = c.req.valid("query");
      const all = await pipelinesOf(plane);
      const page = pageOf(all, ({ id }) => id, after ?? "", Number(limit ?? DEFAULT_PIPELINES));
      const pipelines = page.items.map(pipelineJson);
      return c.json({ pipelines, total: all.length, next: page.next });
    },
  );
  app.get(
    "/api/pipelines/:id{.+}",
    describeRoute({
      tags: ["Pipelines"],
      summary: "One pipeline, with its file where it was applied",
      responses: {
        200: jsonResponse("The pipeline.", onePipelineSchema),
        ...errorResponses(400, 404),
      },
    }),
    query({}),
    async (c) => {
      const id = c.req.param("id");
      const pipeline = (await pipelinesOf(plane)).find((it) => it.id === id);
      if (pipeline === undefined) throw notFound(`pipeline ${shortly(id)}`);
      const { applied } = pipeline;
      return c.json({
        ...pipelineJson(pipeline),
        ...(applied === undefined ? {} : { yaml: applied.yaml }),
      });
    },
  );
  return app;
}
