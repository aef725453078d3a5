/** Turns a plan of places into placement records, with epochs that grow where something changes. */

import type { PlacementRecord } from "../model.ts";
import { KEPT } from "./placement.ts";
import type { PlacementPlan } from "./placement.ts";

export interface PlacementChange {
  readonly placements: readonly PlacementRecord[];
  /** Ids of components that stand on another agent than before, or under a new epoch. */
  readonly changed: readonly string[];
}

export interface ChangeOptions {
  readonly plan: PlacementPlan;
  readonly current: readonly PlacementRecord[];
  /** The instance that owns an agent's name now. */
  readonly instanceOf: (agent: string) => string | undefined;
  /** Called once at the most: one epoch for all that change together. */
  readonly nextEpoch: (floor: number) => Promise<number>;
}

export async function changePlacements(options: ChangeOptions): Promise<PlacementChange> {
  const { plan, current, instanceOf, nextEpoch } = options;
  const before = new Map(current.map((one) => [one.component_id, one]));
  const floor = Math.max(0, ...current.map(({ epoch }) => epoch));
  const placements: PlacementRecord[] = [];
  const changed: string[] = [];
  let epoch: number | undefined;
  for (const [component_id, { agent, reason }] of plan.places) {
    const found = before.get(component_id);
    // An agent that is not known (any more) keeps the instance for which the epoch was given.
    const instance = instanceOf(agent) ?? found?.instance ?? "";
    if (found !== undefined && found.agent === agent && found.instance === instance) {
      placements.push(found.reason === reason || isKept(reason) ? found : { ...found, reason });
    } else if (agent === "") {
      placements.push({ component_id, agent, epoch: found?.epoch ?? 0, instance: "", reason });
      changed.push(component_id);
    } else {
      epoch ??= await nextEpoch(floor);
      const why = isKept(reason) ? found?.reason ?? reason : reason;
      placements.push({ component_id, agent, epoch, instance, reason: why });
      changed.push(component_id);
    }
  }
  return { placements, changed };
}

/** It stays: why it came there is still what people want to read. */
function isKept(reason: string): boolean {
  return reason === KEPT;
}
