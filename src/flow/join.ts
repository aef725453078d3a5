/**
 * Fan-in. Inputs that carry the same source join per ledger: one batch whose events stand in the
 * order of `inputs`. Sources do not wait for each other, because each has a join of its own.
 */

import { FlowctlError } from "../spec/errors.ts";
import type { Batch, EventGroup, Row } from "./batch.ts";
import { withGroups } from "./batch.ts";
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
      return joinBatches(node, batches);
    },
  };
}

/** One batch with the events of all, those of one type together, inputs in the order given. */
export function joinBatches(node: string, batches: readonly Batch[]): Batch {
  const [first] = batches;
  if (first === undefined) {
    throw new FlowctlError("flow/internal", `${node}: a join needs at least one batch`);
  }
  let bytes = 0;
  for (const batch of batches) {
    bytes += batch.bytes;
    if (batch.source !== first.source || batch.sequence !== first.sequence) {
      throw new FlowctlError(
        "flow/order",
        `${node}: ledger ${batch.sequence} of ${batch.source} met ledger ${first.sequence} ` +
          `of ${first.source}`,
      );
    }
  }
  return withGroups(first, mergeGroups(batches.flatMap((batch) => batch.groups)), bytes);
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
