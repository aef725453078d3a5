/** /api/agents: the nodes that run parts of pipelines. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import * as v from "valibot";
import type { ControlPlane } from "../control-plane.ts";
import type { RosterEntry } from "../fleet/roster.ts";
import { errorResponses, jsonResponse } from "./errors.ts";
import { query } from "./query.ts";
import { textMap, timeSchema, timeText } from "./time.ts";

const agentSchema = v.strictObject({
  name: v.string(),
  state: v.pipe(
    v.picklist(["healthy", "unhealthy", "gone"]),
    v.description("Unhealthy: silent for a while; gone: silent for so long that its work moves."),
  ),
  labels: textMap,
  version: v.string(),
  host: v.string(),
  instance: v.pipe(v.string(), v.description("New at each start of its process.")),
  joined_at: timeSchema,
  last_report: timeSchema,
  components: v.array(v.strictObject({
    pipeline: v.string(),
    component_id: v.string(),
    epoch: v.number(),
    state: v.string(),
    message: v.string(),
  })),
  metrics: v.record(v.string(), v.number()),
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
    (c) => c.json({ agents: [...plane.fleet.agents()].sort(byName).map(agentJson) }),
  );
  return app;
}

const STATES = { live: "healthy", late: "unhealthy", gone: "gone" } as const;

function byName(a: RosterEntry, b: RosterEntry): number {
  return a.record.name < b.record.name ? -1 : 1;
}

function agentJson(
  { record: agent, state, report }: RosterEntry,
): v.InferOutput<typeof agentSchema> {
  return {
    name: agent.name,
    state: STATES[state],
    labels: { ...agent.labels },
    version: agent.version,
    host: agent.host,
    instance: agent.instance,
    joined_at: timeText(agent.joined_at_ms),
    last_report: timeText(agent.last_report_ms),
    components: report.components.map((one) => ({ ...one })),
    metrics: { ...report.metrics },
  };
}
