/**
 * How long sources take for a ledger, as a histogram. A heartbeat tells the time of a ledger
 * (`processing_latency_ms`) and how many there were; all since the last look count with that time.
 */

import type { ServiceRecord } from "../model.ts";
import { networkOf } from "../network-lag.ts";
import type { Exposition } from "./exposition.ts";
import { labelText } from "./exposition.ts";

const NAME = "cdp_ledger_processing_duration_seconds";
const HELP = "Time to process a single ledger, as sources tell it with their heartbeats.";
const BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Histogram {
  /** `{network="…",pipeline="…"`, to be closed or gone on with. */
  readonly labels: string;
  /** One a bound, not cumulative; the last is beyond them all. */
  readonly counts: number[];
  sum: number;
}

export interface LedgerDurations {
  /** Takes in what has come since the last call. */
  look(services: readonly ServiceRecord[]): void;
  /** Yields now and then, for its caller to draw breath. */
  expose(exposition: Exposition): Iterable<void>;
}

/** Histograms between two breaths; about 2 ms. */
const SLICE_HISTOGRAMS = 100;

const keyOf = (service: ServiceRecord): string =>
  `${networkOf(service)}\n${service.metadata["pipeline"] ?? ""}`;

export function createLedgerDurations(): LedgerDurations {
  let seen = new Map<string, number>();
  const histograms = new Map<string, Histogram>();

  const histogramOf = (service: ServiceRecord): Histogram => {
    const key = keyOf(service);
    let histogram = histograms.get(key);
    if (histogram === undefined) {
      const counts = new Array<number>(BOUNDS_SECONDS.length + 1).fill(0);
      const pipeline = service.metadata["pipeline"] ?? "";
      const labels = labelText({ network: networkOf(service), pipeline }).slice(0, -1);
      histogram = { labels, counts, sum: 0 };
      histograms.set(key, histogram);
    }
    return histogram;
  };

  return {
    look(services) {
      const now = new Map<string, number>();
      const living = new Set<string>();
      for (const service of services) {
        const { ledgers_processed: ledgers, processing_latency_ms: latency } = service.metrics;
        if (service.role !== "source" || ledgers === undefined || latency === undefined) continue;
        now.set(service.service_id, ledgers);
        const before = seen.get(service.service_id);
        const histogram = histogramOf(service);
        living.add(keyOf(service));
        // What was before the first look is not ours to date; fewer than before is a restart.
        if (before === undefined || ledgers === before) continue;
        const count = ledgers > before ? ledgers - before : ledgers;
        const seconds = latency / 1_000;
        const bucket = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
        const at = bucket === -1 ? BOUNDS_SECONDS.length : bucket;
        histogram.counts[at] = histogram.counts[at]! + count;
        histogram.sum += seconds * count;
      }
      seen = now;
      for (const key of histograms.keys()) if (!living.has(key)) histograms.delete(key);
    },

    *expose(exposition) {
      let exposed = 0;
      for (const { labels, counts, sum } of histograms.values()) {
        let total = 0;
        for (const [at, count] of counts.entries()) {
          total += count;
          const le = at < BOUNDS_SECONDS.length ? String(BOUNDS_SECONDS[at]) : "+Inf";
          exposition.part(NAME, "_bucket", HELP, `${labels},le="${le}"}`, total);
        }
        exposition.part(NAME, "_sum", HELP, `${labels}}`, sum);
        exposition.part(NAME, "_count", HELP, `${labels}}`, total);
        if (++exposed % SLICE_HISTOGRAMS === 0) yield;
      }
    },
  };
}
