/**
 * Connects the nodes. Each source's path through a node is a strand: a loop that takes the next
 * ledger from the lanes before the node, hands it to the node, and puts the result on the lanes
 * behind it. A strand waits only for its own source; nodes see one batch at a time by themselves.
 */

import type { Collector } from "../runtime/memory.ts";
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
  /** Between two ledgers nobody holds rows that came this way. */
  readonly rests: boolean;
}

export interface Strands {
  readonly all: readonly Strand[];
  readonly lanes: readonly Lane[];
}

/** `isBusy`: whether the node of this id works on this thread and waits for nobody else. */
export function layStrands(graph: Graph, isBusy: (id: string) => boolean): Strands {
  const lanes = new Map<string, Lane>();
  const lane = (from: GraphNode, to: GraphNode, source: string): Lane => {
    const edge = `${from.spec.id} → ${to.spec.id}`;
    const key = `${edge}\n${source}`;
    const known = lanes.get(key) ?? createLane(source, edge, { busy: isBusy(to.spec.id) });
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
      rests: restsAfter(node, isBusy),
    }))
  );
  return { all, lanes: [...lanes.values()] };
}

/**
 * A busy sink has done with a ledger when the node before it goes on, which holds the rows
 * until then. With any other sink, a collection there would delay what waits to be written.
 */
function restsAfter({ spec, outputs }: GraphNode, isBusy: (id: string) => boolean): boolean {
  if (spec.role === "sink") return !isBusy(spec.id);
  return outputs.length > 0 && outputs.every((output) => isBusy(output.spec.id));
}

/** What the strands of a run share. */
export interface Common {
  readonly pacer: Pacer;
  readonly taps: Taps;
  readonly collector: Collector;
}

/** Between two ledgers of a strand: others have their turn, and garbage is collected. */
export function pause({ rests }: Strand, { collector, pacer }: Common): Promise<void> | undefined {
  if (rests) collector.rest();
  return pacer.turn();
}

/** Runs a strand of a processor or sink until its source has ended, `width` batches at a time. */
export async function runStrand(
  strand: Strand,
  step: Step,
  common: Common,
  width = 1,
): Promise<void> {
  const { id } = strand.node.spec;
  const join = createJoin(id, strand.inputs);

  async function deliver(batch: Batch, result: Batch | undefined): Promise<void> {
    await common.taps.show(id, result ?? batch);
    if (result !== undefined) await pushAll(strand.outputs, result);
  }

  async function deliverAhead(batch: Batch, result: Batch | undefined): Promise<void> {
    await deliver(batch, result);
    await pause(strand, common);
  }

  /** False after the last. By itself, so that the batch is garbage when it has ended. */
  async function next(): Promise<boolean> {
    const batch = await join.take();
    if (batch === undefined) return false;
    await deliver(batch, await step(batch));
    return true;
  }

  if (width > 1) {
    await runAhead({ take: () => join.take(), step, deliver: deliverAhead, width });
  } else {
    while (await next()) await pause(strand, common);
  }
  closeAll(strand.outputs);
}

export async function pushAll(lanes: readonly Lane[], batch: Batch): Promise<void> {
  for (const lane of lanes) await lane.push(batch);
}

export function closeAll(lanes: readonly Lane[]): void {
  for (const lane of lanes) lane.close();
}
