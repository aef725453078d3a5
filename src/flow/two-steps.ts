/**
 * Processing in two steps: the first needs no state, so that any thread can do it in any order; the
 * second goes through the little that the state is about, in the order of the ledgers.
 */

import { eventTypeByName } from "../events/registry.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { Batch, Encoded, EventGroup, NamedGroup } from "./batch.ts";
import { withGroups } from "./batch.ts";
import type { Encoder, TwoSteps } from "./component.ts";

type Types = ReadonlySet<string>;

/** Both steps, one after the other: what `process` of such a processor does. */
export async function processInSteps(steps: TwoSteps, batch: Batch): Promise<Batch> {
  const prepared = await steps.prepare(batch);
  return withSettled(prepared, steps.settle(unsettledOf(prepared, steps.unsettled)));
}

/** The groups that are to be settled. */
export function unsettledOf(prepared: Batch, unsettled: Types): Batch {
  return withGroups(prepared, prepared.groups.filter(({ type }) => unsettled.has(type.name)), 0);
}

/** The groups that need no state. */
export function othersOf(prepared: Batch, unsettled: Types): Batch {
  if (unsettled.size === 0) return prepared;
  return withGroups(prepared, prepared.groups.filter(({ type }) => !unsettled.has(type.name)));
}

/** With each settled group in the place that it had. */
export function withSettled(prepared: Batch, settled: Batch): Batch {
  const byType = new Map(settled.groups.map((group) => [group.type.name, group]));
  const groups = prepared.groups.map((group) => byType.get(group.type.name) ?? group);
  return { ...prepared, groups, bytes: prepared.bytes + settled.bytes };
}

/** A ledger's groups as a sink keeps them, as far as they need no state. */
export interface EncodedPieces {
  /** Batches with all groups of the ledger, one after the other. */
  take(prepared: Batch): void;
  /** The groups between those that are to be settled: one piece more than there are of these. */
  readonly all: readonly Encoded[];
}

export function createEncodedPieces(encode: Encoder, unsettled: Types): EncodedPieces {
  const pieces: Encoded[][] = [[]];
  return {
    take(prepared) {
      for (const group of prepared.groups) {
        if (unsettled.has(group.type.name)) pieces.push([]);
        else pieces.at(-1)?.push(encode(withGroups(prepared, [group])));
      }
    },
    get all() {
      return pieces.map(joined);
    },
  };
}

/** `createEncodedPieces` gave the pieces; the settled groups come in between. */
export function joinEncoded(
  pieces: readonly Encoded[],
  settled: Batch,
  encode: Encoder | undefined,
): Encoded {
  const all = pieces.flatMap((piece, index) => {
    const group = settled.groups[index];
    const after = group === undefined ? undefined : encode?.(withGroups(settled, [group]));
    return after === undefined ? [piece] : [piece, after];
  });
  return joined(all);
}

function joined(pieces: readonly Encoded[]): Encoded {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  return {
    data: pieces.flatMap(({ data }) => data),
    transfer: pieces.flatMap(({ transfer }) => transfer),
  };
}

/** For another thread, where the objects of event types are others. */
export function namedGroups({ groups }: Batch): readonly NamedGroup[] {
  return groups.map(({ type, rows }) => ({ type: type.name, rows }));
}

export function groupsByName(named: readonly NamedGroup[]): readonly EventGroup[] {
  return named.map(({ type: name, rows }) => {
    const type = eventTypeByName(name);
    if (type === undefined) throw new FlowctlError("flow/internal", `no event type ${name}`);
    return { type, rows };
  });
}
