/** What a run leaves on the screen when it ends. */

import type { RunSummary } from "../flow/stats.ts";
import { count, duration, rate, table, type TableColumn } from "./format.ts";
import { eventsOf } from "./progress.ts";
import type { Style } from "./style.ts";

const COLUMNS: readonly TableColumn[] = [
  { title: "COMPONENT", align: "left" },
  { title: "TYPE", align: "left" },
  { title: "LEDGERS", align: "right" },
  { title: "EVENTS", align: "right" },
  { title: "LAST LEDGER", align: "right" },
  { title: "ERRORS", align: "right" },
  { title: "NOTES", align: "left" },
];

export function summaryText(summary: RunSummary, style: Style): string {
  const [heads = "", ...rows] = table(
    COLUMNS,
    summary.components.map((component) => [
      component.id,
      component.type,
      count(component.ledgers),
      count(eventsOf(component)),
      component.last_sequence === undefined ? "" : String(component.last_sequence),
      count(component.errors),
      [
        note(component.retries, "retries"),
        note(component.dead_lettered, "dead letters"),
        note(component.skipped, "skipped"),
      ].filter((text) => text !== "").join(", "),
    ]),
  );
  return [style.dim(heads), ...rows, "", lastLine(summary, style)].join("\n") + "\n";
}

function note(amount: number, what: string): string {
  return amount === 0 ? "" : `${count(amount)} ${what}`;
}

function lastLine(summary: RunSummary, style: Style): string {
  const ledgers = summary.components
    .filter(({ role }) => role === "source")
    .reduce((sum, component) => sum + component.ledgers, 0);
  const mark = { completed: style.green, stopped: style.yellow, failed: style.red };
  const perSecond = summary.elapsed_ms > 0 ? ledgers * 1000 / summary.elapsed_ms : 0;
  return `${mark[summary.outcome](summary.outcome)}: ${summary.pipeline}, ${
    count(ledgers)
  } ledgers ` +
    `in ${duration(summary.elapsed_ms)} (${rate(perSecond)})`;
}
