/** /api/runs: runs of pipelines, their chunks, and how to stop one. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { ControlPlane } from "../control-plane.ts";
import { errorResponses, jsonResponse, notFound, shortly } from "./errors.ts";
import { limitParameter, query, textParameter } from "./query.ts";
import { CHUNK_STATUSES, RUN_STATUSES } from "../wire/enums.ts";
import { chunkJson, chunkSchema, runJson, runSchema } from "./run-json.ts";

const MAX_RUNS = 1_000;
const DEFAULT_RUNS = 100;
const MAX_CHUNKS = 1_000;

const runsSchema = v.strictObject({ runs: v.array(runSchema) });
const oneRunSchema = v.strictObject({
  ...runSchema.entries,
  config_yaml: v.pipe(v.string(), v.description("The pipeline's file as it ran.")),
});
const chunksSchema = v.strictObject({ chunks: v.array(chunkSchema) });

export function runsRoutes(plane: ControlPlane): Hono {
  const app = new Hono();
  const runOf = async (id: string) => {
    const run = await plane.runs.get(id);
    if (run === undefined) throw notFound(`run ${shortly(id)}`);
    return run;
  };

  app.get(
    "/api/runs",
    describeRoute({
      tags: ["Runs"],
      summary: "Runs of pipelines, newest first",
      responses: { 200: jsonResponse("The runs.", runsSchema), ...errorResponses(400) },
    }),
    query({
      pipeline: textParameter("Only those of this pipeline."),
      status: v.optional(v.picklist(RUN_STATUSES)),
      limit: limitParameter(MAX_RUNS, DEFAULT_RUNS),
    }),
    async (c) => {
      const { pipeline, status, limit } = c.req.valid("query");
      const runs = await plane.runs.list({
        limit: Number(limit ?? DEFAULT_RUNS),
        ...(pipeline === undefined ? {} : { pipeline_name: pipeline }),
        ...(status === undefined ? {} : { status }),
      });
      return c.json({ runs: runs.map(runJson) });
    },
  );
  app.get(
    "/api/runs/:id",
    describeRoute({
      tags: ["Runs"],
      summary: "One run, with its pipeline's file",
      responses: { 200: jsonResponse("The run.", oneRunSchema), ...errorResponses(400, 404) },
    }),
    query({}),
    async (c) => {
      const run = await runOf(c.req.param("id"));
      return c.json({ ...runJson(run), config_yaml: run.config_yaml });
    },
  );
  app.get(
    "/api/runs/:id/chunks",
    describeRoute({
      tags: ["Runs"],
      summary: "The chunks of a run, by their first ledger",
      responses: { 200: jsonResponse("The chunks.", chunksSchema), ...errorResponses(400, 404) },
    }),
    query({
      component: textParameter("Only those of this component."),
      status: v.optional(v.picklist(CHUNK_STATUSES)),
      limit: limitParameter(MAX_CHUNKS, MAX_CHUNKS),
    }),
    async (c) => {
      const { component, status, limit } = c.req.valid("query");
      const run = await runOf(c.req.param("id"));
      const chunks = await plane.runs.listChunks({
        pipeline_run_id: run.run_id,
        limit: Number(limit ?? MAX_CHUNKS),
        ...(component === undefined ? {} : { component_id: component }),
        ...(status === undefined ? {} : { status }),
      });
      return c.json({ chunks: chunks.map(chunkJson) });
    },
  );
  app.post(
    "/api/runs/:id/stop",
    describeRoute({
      tags: ["Runs"],
      summary: "Ask a run to stop",
      description: "It stops when its process has seen this; one that has ended stays as it is.",
      responses: { 202: jsonResponse("The run.", runSchema), ...errorResponses(400, 404) },
    }),
    query({}),
    async (c) => {
      const run = await plane.runs.stop((await runOf(c.req.param("id"))).run_id);
      if (run === undefined) throw notFound(`run ${shortly(c.req.param("id"))}`);
      return c.json(runJson(run), 202);
    },
  );
  return app;
}
