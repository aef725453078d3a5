/**
 * Connects the nodes. Each source's path through a node is a strand: a loop that takes the next
 * ledger from the lanes before the node, hands it to the node, and puts the result on the lanes
 * behind it. A strand waits only for its own source; nodes see one batch at a time by themselves.
 */

import type { Batch } from "./batch.ts";
import { createLane } from "./edge.ts";
import type { Lane } from "./edge.ts";
import { runAhead } from "./lookahead.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { createJoin } from "./join.ts";
import type { Pacer } from "./pacer.ts";
import type { Taps } from "./taps.ts";

/** What a node does with a batch; undefined: nothing goes on from here (a sink). */
export type Step = (batch: Batch) => Promise<Batch | undefined>;

export interface Strand {
  readonly node: GraphNode;
  readonly source: string;
  readonly inputs: readonly Lane[];
  readonly outputs: readonly Lane[];
}

export interface Strands {
  readonly all: readonly Strand[];
  readonly lanes: readonly Lane[];
}

export function layStrands(graph: Graph): Strands {
  const lanes = new Map<string, Lane>();
  const lane = (from: GraphNode, to: GraphNode, source: string): Lane => {
    const edge = `${from.spec.id} → ${to.spec.id}`;
    const key = `${edge}\n${source}`;
    const known = lanes.get(key) ?? createLane(source, edge);
    lanes.set(key, known);
    return known;
  };
  const all = graph.nodes.flatMap((node) =>
    node.sources.map((source) => ({
      node,
      source,
      inputs: node.inputs
        .filter((input) => input.sources.includes(source))
        .map((input) => lane(input, node, source)),
      outputs: node.outputs.map((output) => lane(node, output, source)),
    }))
  );
  return { all, lanes: [...lanes.values()] };
}

/** Runs a strand of a processor or sink until its source has ended, `width` batches at a time. */
export async function runStrand(
  strand: Strand,
  step: Step,
  pacer: Pacer,
  taps: Taps,
  width = 1,
): Promise<void> {
  const join = createJoin(strand.node.spec.id, strand.inputs);

  async function deliver(batch: Batch, result: Batch | undefined): Promise<void> {
    await taps.show(strand.node.spec.id, result ?? batch);
    if (result !== undefined) await pushAll(strand.outputs, result);
    await pacer.turn();
  }

  if (width > 1) {
    await runAhead({ take: () => join.take(), step, deliver, width });
  } else {
    for (let batch = await join.take(); batch !== undefined; batch = await join.take()) {
      await deliver(batch, await step(batch));
    }
  }
  closeAll(strand.outputs);
}

export async function pushAll(lanes: readonly Lane[], batch: Batch): Promise<void> {
  for (const lane of lanes) await lane.push(batch);
}

export function closeAll(lanes: readonly Lane[]): void {
  for (const lane of lanes) lane.close();
}
