/** Tells sources, and processors that want it, how far no restart goes back. */

import type { Positions } from "./component.ts";
import type { Graph } from "./graph.ts";
import type { Parts } from "./parts.ts";
import { newestWithin } from "./snapshots.ts";

export interface CommitNoticeOptions {
  readonly graph: Graph;
  readonly parts: Parts;
  /** Per source, what all its sinks hold. */
  floor(): Positions;
  /** The positions of which there is a snapshot of the processor. */
  snapshots(processor: string): readonly Positions[];
}

/** To be called after each commit; costs nothing when nobody listens. */
export function createCommitNotice(options: CommitNoticeOptions): () => void {
  const { graph, parts } = options;
  const sources = [...parts.sources].filter(([, source]) => source.committed !== undefined);
  const processors = [...parts.processors].filter(([, { committed }]) => committed !== undefined);
  if (sources.length === 0 && processors.length === 0) return () => {};
  const stateful = [...parts.processors].filter(([, { snapshot }]) => snapshot !== undefined)
    .map(([id]) => id);

  return () => {
    const floor = restorable(options, stateful);
    for (const [id, source] of sources) {
      const sequence = floor.get(id);
      if (sequence !== undefined) source.committed?.(sequence);
    }
    for (const [id, processor] of processors) {
      const reached = graph.node(id).sources;
      processor.committed?.(new Map([...floor].filter(([source]) => reached.includes(source))));
    }
  };
}

/** The floor, moved back to where every stateful processor has a snapshot. It only moves back. */
function restorable(options: CommitNoticeOptions, stateful: readonly string[]): Positions {
  const floor = new Map(options.floor());
  for (let moved = true; moved;) {
    moved = false;
    for (const processor of stateful) {
      const newest = newestWithin(options.snapshots(processor), floor);
      for (const source of options.graph.node(processor).sources) {
        const sequence = newest?.get(source);
        if (sequence === floor.get(source)) continue;
        if (sequence === undefined) floor.delete(source);
        else floor.set(source, sequence);
        moved = true;
      }
    }
  }
  return floor;
}
