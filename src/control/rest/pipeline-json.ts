/** A pipeline as REST shows it. */

import * as v from "valibot";
import type { PlacementRecord } from "../model.ts";
import { isHealthy } from "../wire/services.ts";
import type { SeenPipeline } from "./pipelines-seen.ts";
import { RUN_STATUSES } from "../wire/enums.ts";
import { timeSchema, timeText } from "./time.ts";

const placementSchema = v.strictObject({
  component_id: v.string(),
  agent: v.pipe(v.string(), v.description("Empty: it waits for an agent.")),
  epoch: v.number(),
  reason: v.string(),
});

export const pipelineSchema = v.strictObject({
  id: v.pipe(v.string(), v.description("namespace/name where it was applied, else its name.")),
  status: v.pipe(
    v.picklist(["healthy", "unhealthy", "idle"]),
    v.description("Idle: nothing of it is registered."),
  ),
  services: v.strictObject({ total: v.number(), healthy: v.number() }),
  lag_ledgers: v.optional(
    v.pipe(v.number(), v.description("Ledgers that it is behind its network, where known.")),
  ),
  active_runs: v.number(),
  last_run: v.optional(
    v.strictObject({
      run_id: v.string(),
      status: v.picklist(RUN_STATUSES),
      start_time: timeSchema,
      end_time: v.optional(timeSchema),
    }),
  ),
  applied: v.optional(
    v.strictObject({
      revision: v.number(),
      at: timeSchema,
      by: v.string(),
      placements: v.array(placementSchema),
      problems: v.array(v.string()),
    }),
  ),
});

export type PipelineJson = v.InferOutput<typeof pipelineSchema>;

export function pipelineJson(pipeline: SeenPipeline): PipelineJson {
  const { id, applied, services, runs, lag_ledgers } = pipeline;
  const healthy = services.filter(isHealthy).length;
  const [last] = runs;
  return {
    id,
    status: services.length === 0 ? "idle" : healthy === services.length ? "healthy" : "unhealthy",
    services: { total: services.length, healthy },
    ...(lag_ledgers === undefined ? {} : { lag_ledgers }),
    active_runs: runs.filter(({ end_time_ms }) => end_time_ms === undefined).length,
    ...(last === undefined ? {} : {
      last_run: {
        run_id: last.run_id,
        status: last.status,
        start_time: timeText(last.start_time_ms),
        ...(last.end_time_ms === undefined ? {} : { end_time: timeText(last.end_time_ms) }),
      },
    }),
    ...(applied === undefined ? {} : {
      applied: {
        revision: applied.revision,
        at: timeText(applied.applied_at_ms),
        by: applied.applied_by,
        placements: applied.placements.map(placementJson),
        problems: [...applied.problems],
      },
    }),
  };
}

function placementJson(
  { component_id, agent, epoch, reason }: PlacementRecord,
): v.InferOutput<typeof placementSchema> {
  return { component_id, agent, epoch, reason };
}
