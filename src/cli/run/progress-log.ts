/** Progress where nobody watches: one log line now and then. */

import type { Logger } from "../../flow/component.ts";
import type { RunStats } from "../../flow/stats.ts";
import type { Rates } from "../output/rates.ts";
import { eventsOf, lagOf, progressOf } from "./progress.ts";

export const PROGRESS_INTERVAL_ms = 10_000;

/** Logs one line per component, numbers as numbers. */
export function logProgress(stats: RunStats, rates: Rates, log: Logger, now_ms: number): void {
  for (const component of stats.components) {
    const source = stats.sources.find(({ source }) => source === component.id);
    const progress = source === undefined ? undefined : progressOf(source);
    log.info("progress", {
      component: component.id,
      state: component.state,
      ledgers: component.ledgers,
      events: eventsOf(component),
      ledgers_per_second: rounded(rates.observe(component.id, component.ledgers, now_ms)),
      ...optional("last_ledger", component.last_sequence),
      ...optional("lag_ledgers", lagOf(component, stats)),
      ...optional("of_ledgers", progress?.total),
      queue: component.queue,
      errors: component.errors,
    });
  }
}

function optional(key: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [key]: value };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
