/**
 * Which components worker threads do. A thread has a ledger to itself, from its stored bytes to the
 * bytes of the sinks, and rows do not leave it: copying them between threads takes longer than
 * making them. So a processor is done there only if everything that reads it is, too.
 */

import type { ComponentSpec, PipelineSpec } from "../../spec/pipeline.ts";
import type { ComponentDefinition } from "../component.ts";
import type { Graph, GraphNode } from "../graph.ts";
import { definitionOf } from "../parts.ts";
import type { Parts } from "../parts.ts";

/** A processor or sink. */
export interface PlannedNode {
  readonly spec: ComponentSpec;
  /** Components before it through which this source's ledgers come, in the order of `inputs`. */
  readonly inputs: readonly string[];
}

/** What a thread does with the ledgers of a source. */
export interface PlannedSource {
  readonly spec: ComponentSpec;
  /** Each after all that it reads. */
  readonly nodes: readonly PlannedNode[];
  /** Somebody reads the source who is not among them, and needs the ledgers themselves. */
  readonly bare: boolean;
}

/** It can be cloned. */
export interface OffloadPlan {
  readonly pipeline: PipelineSpec;
  readonly sources: readonly PlannedSource[];
}

export interface PlanInput {
  readonly pipeline: PipelineSpec;
  readonly graph: Graph;
  readonly parts: Parts;
  readonly catalogue: readonly ComponentDefinition[];
  /** Whether threads have this very definition. */
  knows(definition: ComponentDefinition): boolean;
}

/** Sources whose ledgers can be unpacked elsewhere, each with what else can be done there. */
export function planOffload({ pipeline, graph, parts, catalogue, knows }: PlanInput): OffloadPlan {
  function fits(spec: ComponentSpec): boolean {
    const { id } = spec;
    const definition = definitionOf(catalogue, spec);
    if (!knows(definition)) return false;
    if (definition.role === "source") {
      return definition.unpack !== undefined && parts.sources.get(id)?.readPacked !== undefined;
    }
    if (definition.role === "sink") {
      return definition.encoder !== undefined && parts.sinks.get(id)?.writeEncoded !== undefined;
    }
    const processor = parts.processors.get(id);
    return processor !== undefined && processor.committed === undefined &&
      (processor.snapshot === undefined || processor.steps !== undefined);
  }

  /** Its groups that are settled here have to be encoded here, too, and to come by themselves. */
  function settles({ spec: { id }, outputs }: GraphNode): boolean {
    return parts.processors.get(id)?.steps === undefined ||
      outputs.every(({ spec, inputs }) =>
        parts.sinks.get(spec.id)?.encode !== undefined && inputs.length === 1
      );
  }

  const chosen = new Set(graph.nodes.filter((node) => fits(node.spec) && settles(node)));
  for (let left = 0; left !== chosen.size;) {
    left = chosen.size;
    for (const node of chosen) if (!isClosed(node, chosen)) chosen.delete(node);
  }
  const sources = [...chosen].filter(({ spec }) => spec.role === "source");
  return { pipeline, sources: sources.map((source) => plannedSource(graph, source, chosen)) };
}

function isClosed(node: GraphNode, chosen: ReadonlySet<GraphNode>): boolean {
  if (node.spec.role === "source") return true;
  return [...node.inputs, ...node.outputs].every((neighbour) => chosen.has(neighbour));
}

function plannedSource(
  graph: Graph,
  source: GraphNode,
  chosen: ReadonlySet<GraphNode>,
): PlannedSource {
  const { id } = source.spec;
  const nodes = graph.nodes.filter((node) =>
    node !== source && chosen.has(node) && node.sources.includes(id)
  );
  return {
    spec: source.spec,
    nodes: nodes.map(({ spec, inputs }) => ({
      spec,
      inputs: inputs.filter((input) => input.sources.includes(id)).map((input) => input.spec.id),
    })),
    bare: source.outputs.some((output) => !chosen.has(output)),
  };
}
