/** Services as a table: what each has done, by the metrics that its role reports. */

import { count, table, type TableColumn } from "../output/format.ts";
import type { Style } from "../output/style.ts";
import { conditionOf } from "./service-facts.ts";
import type { ServiceFacts } from "./service-facts.ts";

const COLUMNS: readonly TableColumn[] = [
  { title: "SERVICE", align: "left" },
  { title: "TYPE", align: "left" },
  { title: "STATE", align: "left" },
  { title: "LEDGERS", align: "right" },
  { title: "EVENTS", align: "right" },
  { title: "LAST LEDGER", align: "right" },
  { title: "ERRORS", align: "right" },
  { title: "HEARTBEAT", align: "left" },
];

/** The first of these metrics that it reports. */
export function metricOf(service: ServiceFacts, ...names: readonly string[]): number | undefined {
  const name = names.find((one) => service.metrics[one] !== undefined);
  return name === undefined ? undefined : service.metrics[name];
}

export const ledgersOf = (service: ServiceFacts) =>
  metricOf(service, "ledgers_processed", "ledgers_consumed");
export const eventsOf = (service: ServiceFacts) =>
  metricOf(service, "events_written", "events_extracted", "processed_count", "ledgers_processed");
export const lastLedgerOf = (service: ServiceFacts) =>
  metricOf(service, "last_sequence", "committed_sequence", "last_ledger_sequence");

export function serviceTable(
  services: readonly ServiceFacts[],
  style: Style,
  heartbeat: (service: ServiceFacts) => string,
): string[] {
  const shown = (value: number | undefined) => value === undefined ? "" : count(value);
  const rows = services.map((service) => [
    service.service_id,
    service.service_type,
    conditionOf(service),
    shown(ledgersOf(service)),
    shown(eventsOf(service)),
    lastLedgerOf(service)?.toString() ?? "",
    shown(metricOf(service, "error_count")),
    heartbeat(service),
  ]);
  const [heads = "", ...lines] = table(COLUMNS, rows);
  return [
    style.dim(heads),
    ...lines.map((line, index) => painted(line, services[index], style)),
  ];
}

export function painted(line: string, service: ServiceFacts | undefined, style: Style): string {
  if (service === undefined) return line;
  const condition = conditionOf(service);
  if (condition === "unhealthy" || condition === "failed") return style.red(line);
  if (condition === "degraded" || condition === "gone") return style.yellow(line);
  return line;
}
