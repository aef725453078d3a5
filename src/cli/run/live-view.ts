/** The live view of a run, as lines: one per source's progress, then a table of the components. */

import type { ComponentStats, RunStats, SourceProgress } from "../../flow/stats.ts";
import { count, duration, rate, table, type TableColumn } from "../output/format.ts";
import type { Rates } from "../output/rates.ts";
import { paint } from "../output/style.ts";
import { eventsOf, lagOf, progressOf } from "./progress.ts";

const BAR_WIDTH = 30;

const COLUMNS: readonly TableColumn[] = [
  { title: "COMPONENT", align: "left" },
  { title: "TYPE", align: "left" },
  { title: "LEDGERS", align: "right" },
  { title: "EVENTS", align: "right" },
  { title: "RATE", align: "right" },
  { title: "LAG", align: "right" },
  { title: "QUEUE", align: "right" },
  { title: "ERRORS", align: "right" },
];

export interface ViewOptions {
  /** Width of the terminal; longer lines are cut. */
  readonly columns: number;
  readonly color: boolean;
  readonly now_ms: number;
  /** What the title line says of the run: running, stopping. */
  readonly state: string;
}

export function viewLines(stats: RunStats, rates: Rates, options: ViewOptions): string[] {
  const style = paint(options.color);
  const name = stats.pipeline.replace(/^default\//, "");
  const title = `${name}  ${options.state}  ${duration(stats.elapsed_ms)}`;
  const [heads = "", ...rows] = table(
    COLUMNS,
    stats.components.map((component) => cells(component, stats, rates, options.now_ms)),
  );
  const cut = (line: string): string => line.slice(0, Math.max(0, options.columns - 1));
  return [
    style.bold(cut(title)),
    ...stats.sources.map((source) => cut(sourceLine(source, rates, options.now_ms))),
    "",
    style.dim(cut(heads)),
    ...rows.map((row, index) => painted(cut(row), stats.components[index], style.red)),
  ];
}

function cells(
  component: ComponentStats,
  stats: RunStats,
  rates: Rates,
  now_ms: number,
): readonly string[] {
  const lag = lagOf(component, stats);
  return [
    component.id,
    component.type,
    count(component.ledgers),
    count(eventsOf(component)),
    rate(rates.observe(`component/${component.id}`, component.ledgers, now_ms)),
    lag === undefined ? "" : count(lag),
    component.role === "source" ? "" : `${component.queue}/${component.queue_limit}`,
    count(component.errors),
  ];
}

function painted(
  row: string,
  component: ComponentStats | undefined,
  red: (text: string) => string,
): string {
  return component !== undefined && (component.errors > 0 || component.state === "failed")
    ? red(row)
    : row;
}

function sourceLine(source: SourceProgress, rates: Rates, now_ms: number): string {
  const at = source.last_sequence === undefined
    ? "waiting for the first ledger"
    : `ledger ${source.last_sequence}`;
  const progress = progressOf(source);
  if (progress === undefined) return `${source.source}  ${at}${ageOf(source, now_ms)}`;
  const share = progress.total === 0 ? 1 : progress.done / progress.total;
  const perSecond = rates.observe(`source/${source.source}`, progress.done, now_ms);
  const left = perSecond > 0
    ? `  ${duration((progress.total - progress.done) * 1000 / perSecond)} left`
    : "";
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${source.source}  ${bar(share)} ${percent}  ${at} of ${source.to ?? ""}${left}`;
}

function bar(share: number): string {
  const full = Math.floor(share * BAR_WIDTH);
  return "█".repeat(full) + "░".repeat(BAR_WIDTH - full);
}

/** How long ago the last ledger closed: what a source that follows the head is judged by. */
function ageOf(source: SourceProgress, now_ms: number): string {
  if (source.last_closed_at_ms === undefined) return "";
  return `, closed ${duration(Math.max(0, now_ms - source.last_closed_at_ms))} ago`;
}
