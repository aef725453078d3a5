/** The graph that `inputs` describes: nodes in topological order, edges, who reads which source. */

import { FlowctlError } from "../spec/errors.ts";
import { componentsOf } from "../spec/pipeline.ts";
import type { ComponentSpec, PipelineSpec } from "../spec/pipeline.ts";

export interface GraphNode {
  readonly spec: ComponentSpec;
  readonly inputs: readonly GraphNode[];
  readonly outputs: readonly GraphNode[];
  /** Ids of the sources whose batches reach it, in the order of the file. */
  readonly sources: readonly string[];
}

export interface Graph {
  /** Every node after all that it reads. */
  readonly nodes: readonly GraphNode[];
  node(id: string): GraphNode;
}

interface MutableNode extends GraphNode {
  inputs: MutableNode[];
  outputs: MutableNode[];
  sources: string[];
}

/**
 * Throws `spec/invalid` for what the spec loader reports with line and column (duplicate ids,
 * unknown inputs, cycles): a pipeline that was built in code has not been through it.
 */
export function buildGraph(pipeline: PipelineSpec): Graph {
  const byId = new Map<string, MutableNode>();
  for (const spec of componentsOf(pipeline)) {
    if (byId.has(spec.id)) throw invalid(pipeline, `two components are called ${spec.id}`);
    byId.set(spec.id, { spec, inputs: [], outputs: [], sources: [] });
  }
  for (const node of byId.values()) connect(pipeline, node, byId);

  const nodes = topological(pipeline, [...byId.values()]);
  const order = pipeline.sources.map((source) => source.id);
  for (const node of nodes) {
    const reached = new Set(node.inputs.flatMap((input) => input.sources));
    if (node.spec.role === "source") reached.add(node.spec.id);
    node.sources = order.filter((id) => reached.has(id));
  }
  return {
    nodes,
    node(id) {
      const node = byId.get(id);
      if (node === undefined) throw invalid(pipeline, `there is no component ${id}`);
      return node;
    },
  };
}

function connect(
  pipeline: PipelineSpec,
  node: MutableNode,
  byId: ReadonlyMap<string, MutableNode>,
): void {
  const { id, role, inputs } = node.spec;
  if ((role === "source") !== (inputs.length === 0)) {
    const what = role === "source" ? "is a source and cannot have inputs" : "has no inputs";
    throw invalid(pipeline, `component ${id} ${what}`);
  }
  for (const name of new Set(inputs)) {
    const input = byId.get(name);
    if (input === undefined) throw invalid(pipeline, `${id} reads ${name}, which does not exist`);
    if (input.spec.role === "sink") throw invalid(pipeline, `${id} reads ${name}, a sink`);
    node.inputs.push(input);
    input.outputs.push(node);
  }
}

function topological(pipeline: PipelineSpec, all: readonly MutableNode[]): MutableNode[] {
  const unmet = new Map(all.map((node) => [node, node.inputs.length]));
  const sorted = all.filter((node) => node.inputs.length === 0);
  // The loop sees what it appends: a node follows once its last input is in the list.
  for (const node of sorted) {
    for (const output of node.outputs) {
      const left = (unmet.get(output) ?? 0) - 1;
      unmet.set(output, left);
      if (left === 0) sorted.push(output);
    }
  }
  if (sorted.length < all.length) {
    const stuck = all.filter((node) => !sorted.includes(node)).map((node) => node.spec.id);
    throw invalid(pipeline, `these components read each other in a circle: ${stuck.join(", ")}`);
  }
  return sorted;
}

/** The node and everything that its events can reach, in topological order. */
export function downstreamOf(graph: Graph, id: string): readonly GraphNode[] {
  const reached = new Set<GraphNode>([graph.node(id)]);
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => reached.has(input))) reached.add(node);
  }
  return graph.nodes.filter((node) => reached.has(node));
}

/** The node and everything that its events come from, in topological order. */
export function upstreamOf(graph: Graph, id: string): readonly GraphNode[] {
  const reached = new Set<GraphNode>([graph.node(id)]);
  for (const node of [...graph.nodes].reverse()) {
    if (node.outputs.some((output) => reached.has(output))) reached.add(node);
  }
  return graph.nodes.filter((node) => reached.has(node));
}

function invalid(pipeline: PipelineSpec, message: string): FlowctlError {
  return new FlowctlError("spec/invalid", `${pipeline.file}: ${message}`);
}
