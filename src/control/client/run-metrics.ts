/**
 * What a run's components report, by the names that dashboards and the design documents know.
 * Everything is computed from counters that the runner keeps anyway, once per heartbeat.
 */

import type { ComponentStats, RunStats, SourceProgress } from "../../flow/stats.ts";
import type { Health } from "./controller.ts";
import type { Transactions } from "./ledger-watch.ts";

type Metrics = Record<string, number>;

/** Of one component; only numbers that are known are there. */
export function componentMetrics(component: ComponentStats, stats: RunStats): Metrics {
  const common = {
    error_count: component.errors,
    retry_count: component.retries,
    dead_letter_count: component.dead_lettered,
    skipped_count: component.skipped,
    busy_ms: component.busy_ms,
  };
  return { ...component.meters, ...common, ...ofRole(component, stats) };
}

function ofRole(component: ComponentStats, stats: RunStats): Metrics {
  switch (component.role) {
    case "source":
      return {
        ledgers_processed: component.ledgers,
        total_bytes: component.meters["total_bytes"] ?? component.bytes,
        ...known("last_sequence", component.last_sequence),
        processing_latency_ms: perLedger(component),
        ...ofNetwork(stats.sources.find(({ source }) => source === component.id)),
      };
    case "processor":
      return {
        ledgers_consumed: component.ledgers,
        events_consumed: component.events_in,
        events_extracted: component.events_out,
        events_filtered: component.meters["events_filtered"] ??
          Math.max(0, component.events_in - component.events_out),
        batches_generated: component.ledgers,
        ...known("last_ledger_sequence", component.last_sequence),
        processing_latency_ms: perLedger(component),
        success_count: component.ledgers,
        ...queueOf(component),
      };
    case "sink":
      return {
        ledgers_consumed: component.ledgers,
        events_consumed: component.events_in,
        events_written: component.events_in,
        files_written: component.meters["files_written"] ?? 0,
        websocket_connections: component.meters["websocket_connections"] ?? 0,
        api_requests: component.meters["api_requests"] ?? component.meters["requests"] ?? 0,
        output_latency_ms: perLedger(component),
        ...known("last_ledger_sequence", component.last_sequence),
        ...known("committed_sequence", lowest(Object.values(component.committed))),
        success_count: component.ledgers,
        ...queueOf(component),
      };
  }
}

function ofNetwork(progress: SourceProgress | undefined): Metrics {
  const { head, last_sequence, last_closed_at_ms } = progress ?? {};
  return {
    ...known("network_ledger", head),
    ...known(
      "lag_ledgers",
      head === undefined || last_sequence === undefined
        ? undefined
        : Math.max(0, head - last_sequence),
    ),
    ...known(
      "last_closed_at",
      last_closed_at_ms === undefined ? undefined : last_closed_at_ms / 1000,
    ),
  };
}

function queueOf({ queue, queue_limit }: ComponentStats): Metrics {
  return { queue_length: queue, queue_limit };
}

/** Mean milliseconds that a ledger takes in the component itself. */
function perLedger({ busy_ms, ledgers }: ComponentStats): number {
  return ledgers === 0 ? 0 : busy_ms / ledgers;
}

function known(name: string, value: number | undefined): Metrics {
  return value === undefined ? {} : { [name]: value };
}

function lowest(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}

/** Totals of a run: what its record says and what the process reports once, with one component. */
export interface RunTotals {
  readonly ledgers: number;
  readonly events: number;
  readonly bytes: number;
  readonly errors: number;
}

export function totalsOf(stats: RunStats): RunTotals {
  const of = (role: ComponentStats["role"]) => stats.components.filter((one) => one.role === role);
  const sum = (list: readonly ComponentStats[], value: (one: ComponentStats) => number) =>
    list.reduce((total, one) => total + value(one), 0);
  const [sources, processors, sinks] = [of("source"), of("processor"), of("sink")];
  return {
    // A process that runs only a part of a pipeline has no source, or no sink.
    ledgers: sources.length > 0
      ? sum(sources, (one) => one.ledgers)
      : Math.max(0, ...stats.components.map((one) => one.ledgers)),
    events: sinks.length > 0
      ? sum(sinks, (one) => one.events_in)
      : sum(processors.length > 0 ? processors : sources, (one) => one.events_out),
    bytes: sum(sources, (one) => one.meters["total_bytes"] ?? one.bytes),
    errors: sum(stats.components, (one) => one.errors),
  };
}

/** The `cdp.` metrics of the process. */
export function processMetrics(
  totals: RunTotals,
  transactions: Transactions | undefined,
): Record<string, number> {
  return {
    "cdp.ledgers_processed": totals.ledgers,
    "cdp.events_processed": totals.events,
    "cdp.error_rate": totals.ledgers === 0 ? 0 : totals.errors / totals.ledgers,
    ...(transactions === undefined ? {} : {
      "cdp.transactions_total": transactions.total,
      "cdp.processing_rate_tps": transactions.perSecond,
    }),
  };
}

/**
 * Degraded: it has had to try again, or has given up events, since the time before. A component
 * that is a process of its own says with the gauges `healthy` and `degraded` how that process is.
 */
export function healthOf(component: ComponentStats, before: ComponentStats | undefined): Health {
  if (component.state === "failed") return "unhealthy";
  if (component.state === "starting") return "starting";
  const { healthy, degraded } = component.meters;
  if (component.state === "running" && healthy === 0) return "unhealthy";
  if (component.state === "running" && degraded === 1) return "degraded";
  if (before === undefined) return "healthy";
  const troubles = (one: ComponentStats) => one.errors + one.retries + one.dead_lettered;
  return troubles(component) > troubles(before) ? "degraded" : "healthy";
}
