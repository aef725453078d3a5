/** Gathers what `stats` and the summary say, whatever state the run is in. */

import type { FlowctlError } from "../spec/errors.ts";
import { componentsOf } from "../spec/pipeline.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import { withGroups } from "./batch.ts";
import type { Batch } from "./batch.ts";
import type { LedgerRange, Source } from "./component.ts";
import { createCounters } from "./counters.ts";
import type { Counters } from "./counters.ts";
import { LANE_LIMIT_batches } from "./edge.ts";
import type { Lane } from "./edge.ts";
import { pipelineKey } from "./state.ts";
import type { RunStats, RunSummary, SourceProgress } from "./stats.ts";

export interface Monitor {
  counters(component: string): Counters;
  /** The lanes that lead to a component, for the length of its queue. */
  watchQueue(component: string, lanes: readonly Lane[]): void;
  watchSource(id: string, source: Source, range: LedgerRange): void;
  emitted(batch: Batch): void;
  stats(): RunStats;
  summary(outcome: RunSummary["outcome"], error?: FlowctlError): RunSummary;
}

export function createMonitor(pipeline: PipelineSpec): Monitor {
  const started_at_ms = Date.now();
  const started = performance.now();
  const counters = new Map(componentsOf(pipeline).map((spec) => [spec.id, createCounters(spec)]));
  const queues = new Map<string, Lane[]>();
  const sources = new Map<string, { readonly source: Source; readonly range: LedgerRange }>();
  const latest = new Map<string, Batch>();

  function progress(source: string): SourceProgress {
    const watched = sources.get(source);
    const batch = latest.get(source);
    return {
      source,
      from: watched?.range.from,
      to: watched?.range.to,
      last_sequence: batch?.sequence,
      last_closed_at_ms: batch?.closedAt.getTime(),
      head: watched?.source.head?.(),
    };
  }

  function stats(): RunStats {
    return {
      pipeline: pipelineKey(pipeline),
      started_at_ms,
      elapsed_ms: Math.round(performance.now() - started),
      sources: pipeline.sources.map((source) => progress(source.id)),
      components: [...counters].map(([id, counter]) => {
        const lanes = queues.get(id) ?? [];
        const waiting = lanes.reduce((sum, lane) => sum + lane.size(), 0);
        return counter.stats(waiting, lanes.length * LANE_LIMIT_batches);
      }),
    };
  }

  return {
    counters(component) {
      const counter = counters.get(component);
      if (counter === undefined) throw new Error(`no component ${component}`);
      return counter;
    },
    watchQueue: (component, lanes) =>
      void queues.set(component, [...queues.get(component) ?? [], ...lanes]),
    watchSource: (id, source, range) => void sources.set(id, { source, range }),
    emitted: (batch) =>
      // Only what progress needs: the batch itself must not be kept alive.
      void latest.set(batch.source, withGroups(batch, [])),
    stats,
    summary: (outcome, error) =>
      error === undefined ? { ...stats(), outcome } : { ...stats(), outcome, error },
  };
}
