/**
 * Fan-in. Inputs that carry the same source join per ledger: one batch whose events stand in the
 * order of `inputs`. Sources do not wait for each other, because each has a join of its own.
 */

import { FlowctlError } from "../spec/errors.ts";
import type { Batch, EventGroup, Row } from "./batch.ts";
import { countRows, filled, hollowBatch, withGroups } from "./batch.ts";
import type { Lane } from "./edge.ts";

export interface Join {
  /** The next ledger over all lanes, or undefined after the last. */
  take(): Promise<Batch | undefined>;
}

/** Joins lanes of one source, given in the order of the node's `inputs`. At least one. */
export function createJoin(node: string, lanes: readonly Lane[]): Join {
  const [only] = lanes;
  if (only !== undefined && lanes.length === 1) return { take: async () => await only.take() };

  return {
    async take() {
      const batches: Batch[] = [];
      let ended: Lane | undefined;
      for (const lane of lanes) {
        const batch = await lane.take();
        if (batch === undefined) ended = lane;
        else batches.push(batch);
      }
      const [first] = batches;
      if (first === undefined) return undefined;
      if (ended !== undefined) {
        throw new FlowctlError(
          "flow/gap",
          `${node}: ledger ${first.sequence} of ${first.source} did not come along ${ended.edge}`,
        );
      }
      return await joinHollow(node, batches);
    },
  };
}

/** Joins without rows while all batches come from one worker thread. */
async function joinHollow(node: string, batches: readonly Batch[]): Promise<Batch> {
  const join = async () => joinBatches(node, await Promise.all(batches.map(filled)));
  const made = batches[0]?.hollow?.made;
  if (made === undefined || batches.some((batch) => batch.hollow?.made !== made)) {
    return await join();
  }
  return hollowBatch(checkedFirst(node, batches), {
    bytes: batches.reduce((sum, batch) => sum + batch.bytes, 0),
    events: batches.reduce((sum, batch) => sum + countRows(batch), 0),
    made,
    fill: join,
  });
}

/** One batch with the events of all, those of one type together, inputs in the order given. */
export function joinBatches(node: string, batches: readonly Batch[]): Batch {
  const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
  const groups = mergeGroups(batches.flatMap((batch) => batch.groups));
  return withGroups(checkedFirst(node, batches), groups, bytes);
}

/** Throws `flow/order` unless all are of the same ledger. */
function checkedFirst(node: string, batches: readonly Batch[]): Batch {
  const [first] = batches;
  if (first === undefined) {
    throw new FlowctlError("flow/internal", `${node}: a join needs at least one batch`);
  }
  for (const batch of batches) {
    if (batch.source === first.source && batch.sequence === first.sequence) continue;
    throw new FlowctlError(
      "flow/order",
      `${node}: ledger ${batch.sequence} of ${batch.source} met ledger ${first.sequence} ` +
        `of ${first.source}`,
    );
  }
  return first;
}

/** At most one group per event type, in the order in which the types first appear. */
export function mergeGroups(groups: readonly EventGroup[]): readonly EventGroup[] {
  const byType = new Map<string, { readonly group: EventGroup; rows: readonly Row[] }>();
  for (const group of groups) {
    const known = byType.get(group.type.name);
    if (known === undefined) byType.set(group.type.name, { group, rows: group.rows });
    else known.rows = [...known.rows, ...group.rows];
  }
  return [...byType.values()].map(({ group, rows }) => ({ type: group.type, rows }));
}
