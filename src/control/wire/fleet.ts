/** Agents, assignments and pipelines on the wire of flowctl.control.v1. */

import { create } from "@bufbuild/protobuf";
import { AgentSchema, AssignmentSchema } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import type {
  Agent,
  Assignment,
  ReportRequest,
} from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import { PipelineSchema } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import type { Pipeline } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import type { AssignmentRecord } from "../fleet/assignments.ts";
import type { AgentState } from "../fleet/placement.ts";
import type { AgentReport, RosterEntry } from "../fleet/roster.ts";
import type { PipelineRecord } from "../model.ts";
import { toTimestamp } from "./time.ts";

/** How an agent's state is called in front of people. */
export const AGENT_STATES: Readonly<Record<AgentState, string>> = {
  live: "healthy",
  late: "unhealthy",
  gone: "gone",
};

export function agentToWire({ record, state, report }: RosterEntry): Agent {
  return create(AgentSchema, {
    name: record.name,
    labels: { ...record.labels },
    version: record.version,
    host: record.host,
    state: AGENT_STATES[state],
    joinedAt: toTimestamp(record.joined_at_ms)!,
    lastReport: toTimestamp(record.last_report_ms)!,
    components: report.components.map((one) => `${one.pipeline}/${one.component_id}`),
    metrics: { ...report.metrics },
  });
}

export function reportFromWire(request: ReportRequest): AgentReport {
  return {
    components: request.components.map((one) => ({
      pipeline: one.pipeline,
      component_id: one.componentId,
      epoch: Number(one.epoch),
      state: one.state,
      message: one.message,
    })),
    metrics: request.metrics,
  };
}

export function assignmentToWire(assignment: AssignmentRecord): Assignment {
  const epochs = Object.entries(assignment.components).map(([id, epoch]) =>
    [id, BigInt(epoch)] as const
  );
  return create(AssignmentSchema, {
    pipeline: assignment.pipeline,
    revision: BigInt(assignment.revision),
    yaml: assignment.yaml,
    components: Object.fromEntries(epochs),
    peers: { ...assignment.peers },
  });
}

export function assignmentFromWire(assignment: Assignment): AssignmentRecord {
  const epochs = Object.entries(assignment.components).map(([id, epoch]) =>
    [id, Number(epoch)] as const
  );
  return {
    pipeline: assignment.pipeline,
    revision: Number(assignment.revision),
    yaml: assignment.yaml,
    components: Object.fromEntries(epochs),
    peers: assignment.peers,
  };
}

export function pipelineToWire(pipeline: PipelineRecord): Pipeline {
  return create(PipelineSchema, {
    id: pipeline.id,
    namespace: pipeline.namespace,
    name: pipeline.name,
    revision: BigInt(pipeline.revision),
    yaml: pipeline.yaml,
    appliedAt: toTimestamp(pipeline.applied_at_ms)!,
    appliedBy: pipeline.applied_by,
    placements: pipeline.placements.map((one) => ({
      componentId: one.component_id,
      agent: one.agent,
      epoch: BigInt(one.epoch),
      reason: one.reason,
    })),
    problems: [...pipeline.problems],
  });
}
