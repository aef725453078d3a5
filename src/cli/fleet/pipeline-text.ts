/** A pipeline of the fleet as people and tools read it. */

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Pipeline } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";

/** One line a component: where it stands and why; then what is wrong. */
export function placementLines({ placements, problems }: Pipeline): string[] {
  const widest = Math.max(0, ...placements.map(({ componentId }) => componentId.length));
  const lines = placements.map(({ componentId, agent, reason }) =>
    `  ${componentId.padEnd(widest)}  ${agent === "" ? "waits" : `on ${agent}`}  (${reason})`
  );
  return [...lines, ...problems.map((problem) => `  ! ${problem}`)];
}

export function pipelineReport(pipeline: Pipeline) {
  return {
    id: pipeline.id,
    namespace: pipeline.namespace,
    name: pipeline.name,
    revision: Number(pipeline.revision),
    applied_at: pipeline.appliedAt === undefined
      ? null
      : timestampDate(pipeline.appliedAt).toISOString(),
    applied_by: pipeline.appliedBy,
    placements: pipeline.placements.map((one) => ({
      component_id: one.componentId,
      agent: one.agent,
      epoch: Number(one.epoch),
      reason: one.reason,
    })),
    problems: pipeline.problems,
  };
}
