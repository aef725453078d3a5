/** What can be said of a run's progress, computed from its statistics. */

import type { ComponentStats, RunStats, SourceProgress } from "../../flow/stats.ts";

export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Ledgers done and to do, of a source whose range has an end; undefined for one without. */
export function progressOf(source: SourceProgress): Progress | undefined {
  if (source.from === undefined || source.to === undefined) return undefined;
  const total = Math.max(0, source.to - source.from + 1);
  const done = source.last_sequence === undefined ? 0 : source.last_sequence - source.from + 1;
  return { done: Math.min(Math.max(0, done), total), total };
}

/**
 * How many ledgers a component is behind: a source behind its network, a sink behind the source's
 * last ledger with what it has made durable, a processor with what it has finished. Undefined
 * where that cannot be said.
 */
export function lagOf(component: ComponentStats, stats: RunStats): number | undefined {
  if (component.role === "source") {
    const source = stats.sources.find(({ source }) => source === component.id);
    return behind(source?.head, source?.last_sequence);
  }
  if (component.role === "sink") {
    const lags = Object.entries(component.committed).map(([id, sequence]) =>
      behind(stats.sources.find(({ source }) => source === id)?.last_sequence, sequence)
    );
    const known = lags.filter((lag) => lag !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }
  const [only, ...others] = stats.sources;
  return others.length > 0 ? undefined : behind(only?.last_sequence, component.last_sequence);
}

function behind(ahead: number | undefined, sequence: number | undefined): number | undefined {
  if (ahead === undefined || sequence === undefined) return undefined;
  return Math.max(0, ahead - sequence);
}

/** Events that a component has dealt with: those that it made, or that a sink took. */
export function eventsOf(component: ComponentStats): number {
  return component.role === "sink" ? component.events_in : component.events_out;
}
