/** What an agent shall run, as derived from the pipelines and their placements. */

import { createHash } from "node:crypto";
import type { PipelineRecord } from "../model.ts";

export interface AssignmentRecord {
  /** namespace/name. */
  readonly pipeline: string;
  readonly revision: number;
  readonly yaml: string;
  /** The components that the agent runs, with the epoch of each. */
  readonly components: Readonly<Record<string, number>>;
  /** Where the others are: component id to agent. */
  readonly peers: Readonly<Record<string, string>>;
}

export interface AssignmentsView {
  readonly assignments: readonly AssignmentRecord[];
  /** The same for the same assignments, on every server and after every restart. */
  readonly generation: number;
}

export function assignmentOf(
  pipeline: PipelineRecord,
  agent: string,
): AssignmentRecord | undefined {
  const components: Record<string, number> = {};
  const peers: Record<string, string> = {};
  for (const placement of pipeline.placements) {
    if (placement.agent === agent) components[placement.component_id] = placement.epoch;
    else if (placement.agent !== "") peers[placement.component_id] = placement.agent;
  }
  if (Object.keys(components).length === 0) return undefined;
  const { id, revision, yaml } = pipeline;
  return { pipeline: id, revision, yaml, components, peers };
}

export function assignmentsView(
  pipelines: Iterable<PipelineRecord>,
  agent: string,
): AssignmentsView {
  const assignments = [...pipelines]
    .map((pipeline) => assignmentOf(pipeline, agent))
    .filter((assignment) => assignment !== undefined)
    .sort((a, b) => a.pipeline < b.pipeline ? -1 : 1);
  return { assignments, generation: generationOf(assignments) };
}

/** 48 bits of a hash: exact in every number type on the way. */
function generationOf(assignments: readonly AssignmentRecord[]): number {
  const hash = createHash("sha256");
  for (const { pipeline, revision, components, yaml } of assignments) {
    hash.update(JSON.stringify([pipeline, revision, components]));
    hash.update(createHash("sha256").update(yaml).digest());
  }
  return hash.digest().readUIntBE(0, 6);
}
