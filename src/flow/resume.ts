/** Where each source starts: after what its sinks hold, or where states of processors allow. */

import { FlowctlError } from "../spec/errors.ts";
import type { LedgerRange, Positions } from "./component.ts";
import type { Graph } from "./graph.ts";
import { downstreamOf } from "./graph.ts";
import { newestWithin } from "./snapshots.ts";

/** The bounds that the config of a source states. */
export interface Bounds {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

export interface ResumeInput {
  readonly graph: Graph;
  readonly bounds: ReadonlyMap<string, Bounds>;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly wait: boolean;
  /** Per sink id: what it has committed. */
  readonly committed: ReadonlyMap<string, Positions>;
  /** Per id of a stateful processor: the positions of which there is a snapshot. */
  readonly snapshots: ReadonlyMap<string, readonly Positions[]>;
}

export interface ResumePlan {
  readonly ranges: ReadonlyMap<string, LedgerRange>;
  /** Sources whose range is done already. */
  readonly complete: ReadonlySet<string>;
  /** Per sink: the sequence per source above which it wants ledgers. */
  readonly sinks: ReadonlyMap<string, Positions>;
  /** Per stateful processor: the snapshot to restore; none: it starts empty. */
  readonly restore: ReadonlyMap<string, Positions>;
}

/** Throws `state/below-checkpoint` or `cli/usage`. */
export function planResume(input: ResumeInput): ResumePlan {
  const starts = new Map<string, number | undefined>();
  for (const id of input.bounds.keys()) {
    checkFrom(input, id);
    starts.set(id, firstMissing(input, id));
  }
  const restore = alignWithSnapshots(input, starts);

  const ranges = new Map<string, LedgerRange>();
  const complete = new Set<string>();
  for (const [id, from] of starts) {
    const to = input.to ?? input.bounds.get(id)?.to;
    if (to !== undefined && (firstMissing(input, id) ?? 0) > to) complete.add(id);
    ranges.set(id, { from, to, wait: input.wait });
  }
  return { ranges, complete, sinks: sinkFloors(input), restore };
}

/** A sink that has nothing of a source yet begins where the range does. */
function sinkFloors({ graph, bounds, from, committed }: ResumeInput): Map<string, Positions> {
  const floors = new Map<string, Positions>();
  for (const [sink, positions] of committed) {
    const floor = new Map<string, number>();
    for (const source of graph.node(sink).sources) {
      const last = positions.get(source);
      const start = from ?? bounds.get(source)?.from;
      if (last !== undefined) floor.set(source, Math.max(last, (from ?? 0) - 1));
      else if (start !== undefined) floor.set(source, start - 1);
    }
    floors.set(sink, floor);
  }
  return floors;
}

function sinksOf({ graph, committed }: ResumeInput, source: string): readonly string[] {
  return [...committed.keys()].filter((sink) => graph.node(sink).sources.includes(source));
}

function checkFrom(input: ResumeInput, source: string): void {
  const { from, to, committed } = input;
  if (from !== undefined && to !== undefined && from > to) {
    throw new FlowctlError("cli/usage", `--from ${from} is above --to ${to}`);
  }
  const start = from ?? input.bounds.get(source)?.from;
  const fresh = sinksOf(input, source).every((sink) => !committed.get(sink)?.has(source));
  if (fresh && start !== undefined && to !== undefined && start > to) {
    throw new FlowctlError(
      "cli/usage",
      `--to ${to} is below ledger ${start}, where ${source} starts`,
    );
  }
  if (from === undefined) return;
  for (const sink of sinksOf(input, source)) {
    const last = committed.get(sink)?.get(source);
    if (last === undefined || from > last) continue;
    throw new FlowctlError(
      "state/below-checkpoint",
      `--from ${from} is below the checkpoint of sink ${sink}, which has ${source} up to ` +
        `ledger ${last}`,
      {
        hint: "Leave --from out to go on after the checkpoint, or give --reset too, which drops " +
          "what the sinks of this pipeline hold.",
      },
    );
  }
}

/** The first ledger that some sink lacks. Undefined: the source begins where it decides. */
function firstMissing(input: ResumeInput, source: string): number | undefined {
  if (input.from !== undefined) return input.from;
  const start = input.bounds.get(source)?.from;
  let first: number | undefined;
  let fresh = true;
  for (const sink of sinksOf(input, source)) {
    const last = input.committed.get(sink)?.get(source);
    const due = last === undefined ? start : last + 1;
    if (due === undefined) return undefined;
    fresh = false;
    first = Math.min(first ?? due, due);
  }
  return fresh ? start : first;
}

/**
 * Moves starts back until every stateful processor has a snapshot of exactly the ledgers before
 * them (or, having none, sees its sources from their beginning). Starts only ever move back and
 * there are finitely many snapshots, so it ends.
 */
function alignWithSnapshots(
  input: ResumeInput,
  starts: Map<string, number | undefined>,
): Map<string, Positions> {
  const restore = new Map<string, Positions>();
  for (let moved = true; moved;) {
    moved = false;
    for (const [processor, snapshots] of input.snapshots) {
      const sources = input.graph.node(processor).sources;
      const floor = new Map<string, number>();
      for (const source of sources) {
        const start = starts.get(source);
        if (start !== undefined) floor.set(source, start - 1);
      }
      const newest = newestWithin(snapshots, floor);
      if (newest === undefined) restore.delete(processor);
      else restore.set(processor, newest);
      for (const source of sources) {
        const last = newest?.get(source);
        const start = last === undefined ? beginning(input, source, starts.get(source)) : last + 1;
        if (start === starts.get(source)) continue;
        starts.set(source, start);
        moved = true;
      }
    }
  }
  return restore;
}

/** Never above the start that is needed: a start such as "latest" moves on between runs. */
function beginning(
  input: ResumeInput,
  source: string,
  needed: number | undefined,
): number | undefined {
  const start = input.from ?? input.bounds.get(source)?.from;
  return start === undefined || needed === undefined ? needed : Math.min(start, needed);
}

/** The sequence per source that all its sinks have: no restart reads at or below it. */
export function restartFloor(
  graph: Graph,
  durable: ReadonlyMap<string, Positions>,
): Positions {
  const floor = new Map<string, number>();
  for (const { spec } of graph.nodes) {
    if (spec.role !== "source") continue;
    const sinks = downstreamOf(graph, spec.id).filter((node) => node.spec.role === "sink");
    const lasts = sinks.map((sink) => durable.get(sink.spec.id)?.get(spec.id));
    const known = lasts.filter((last) => last !== undefined);
    if (known.length === lasts.length && known.length > 0) floor.set(spec.id, Math.min(...known));
  }
  return floor;
}
