/** What a run leaves on the screen when it ends. */

import type { ComponentStats, RunSummary } from "../../flow/stats.ts";
import { count, duration, rate, table, type TableColumn } from "../output/format.ts";
import type { Style } from "../output/style.ts";
import { eventsOf } from "./progress.ts";

const COLUMNS: readonly TableColumn[] = [
  { title: "COMPONENT", align: "left" },
  { title: "TYPE", align: "left" },
  { title: "LEDGERS", align: "right" },
  { title: "EVENTS", align: "right" },
  { title: "LAST LEDGER", align: "right" },
  { title: "ERRORS", align: "right" },
  { title: "NOTES", align: "left" },
];

/** Empty for a run that failed before it read a ledger: its error says it all. */
export function summaryText(summary: RunSummary, style: Style): string {
  if (readLedgers(summary) === 0 && summary.outcome === "failed") return "";
  if (readLedgers(summary) === 0) return lastLine(summary, style) + "\n";
  const [heads = "", ...rows] = table(COLUMNS, summary.components.map(cells));
  return [style.dim(heads), ...rows, "", lastLine(summary, style)].join("\n") + "\n";
}

function cells(component: ComponentStats): readonly string[] {
  const notes = [
    note(component.retries, "retries"),
    note(component.dead_lettered, "dead letters"),
    note(component.skipped, "skipped"),
  ];
  return [
    component.id,
    component.type,
    count(component.ledgers),
    count(eventsOf(component)),
    component.last_sequence === undefined ? "" : String(component.last_sequence),
    count(component.errors),
    notes.filter((text) => text !== "").join(", "),
  ];
}

function note(amount: number, what: string): string {
  return amount === 0 ? "" : `${count(amount)} ${what}`;
}

function readLedgers(summary: RunSummary): number {
  return summary.components.filter(({ role }) => role === "source")
    .reduce((sum, component) => sum + component.ledgers, 0);
}

function lastLine(summary: RunSummary, style: Style): string {
  const mark = { completed: style.green, stopped: style.yellow, failed: style.red };
  const outcome = mark[summary.outcome](summary.outcome);
  // The default namespace goes without saying.
  const name = summary.pipeline.replace(/^default\//, "");
  const ledgers = readLedgers(summary);
  if (ledgers === 0 && summary.outcome === "completed") {
    return `${outcome}: ${name}, nothing was left to do${upTo(summary)}`;
  }
  const perSecond = summary.elapsed_ms > 0 ? ledgers * 1000 / summary.elapsed_ms : 0;
  return `${outcome}: ${name}, ${count(ledgers)} ledgers in ${duration(summary.elapsed_ms)} ` +
    `(${rate(perSecond)})`;
}

/** Where all sources ended before this run began. */
function upTo(summary: RunSummary): string {
  const ends = summary.sources.map((source) => source.to).filter((to) => to !== undefined);
  return ends.length === 0 ? "" : `: everything up to ledger ${Math.min(...ends)} is there`;
}
