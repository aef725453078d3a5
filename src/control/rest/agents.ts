/** /api/agents: the nodes that run parts of pipelines. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { ControlPlane } from "../control-plane.ts";
import type { AgentRecord } from "../model.ts";
import { errorResponses, jsonResponse } from "./errors.ts";
import { query } from "./query.ts";
import { textMap, timeSchema, timeText } from "./time.ts";

const agentSchema = v.strictObject({
  name: v.string(),
  labels: textMap,
  version: v.string(),
  host: v.string(),
  instance: v.pipe(v.string(), v.description("New at each start of its process.")),
  joined_at: timeSchema,
  last_report: timeSchema,
});

export function agentsRoutes(plane: ControlPlane): Hono {
  const app = new Hono();
  app.get(
    "/api/agents",
    describeRoute({
      tags: ["Agents"],
      summary: "The agents that joined, by name",
      responses: {
        200: jsonResponse("The agents.", v.strictObject({ agents: v.array(agentSchema) })),
        ...errorResponses(400),
      },
    }),
    query({}),
    async (c) => c.json({ agents: (await plane.store.listAgents()).map(agentJson) }),
  );
  return app;
}

function agentJson(agent: AgentRecord): v.InferOutput<typeof agentSchema> {
  return {
    name: agent.name,
    labels: { ...agent.labels },
    version: agent.version,
    host: agent.host,
    instance: agent.instance,
    joined_at: timeText(agent.joined_at_ms),
    last_report: timeText(agent.last_report_ms),
  };
}
