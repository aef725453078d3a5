/** `flowctl top`: all components at a control plane, live, with their rates. */

import process from "node:process";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { parseDuration_ms } from "../../spec/quantity.ts";
import { serverClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { count, duration, rate, table, type TableColumn } from "../output/format.ts";
import { printJson } from "../output/print.ts";
import { createRates } from "../output/rates.ts";
import type { Rates } from "../output/rates.ts";
import { paint, type Style } from "../output/style.ts";
import { conditionOf, isWell, pipelineName, serviceFacts } from "./service-facts.ts";
import type { ServiceFacts } from "./service-facts.ts";
import { eventsOf, lastLedgerOf, ledgersOf, metricOf, painted } from "./service-table.ts";
import { watchView } from "./watch-view.ts";

const MIN_INTERVAL_MS = 200;
/** Long enough for two heartbeats of the slowest usual interval. */
const RATE_WINDOW_MS = 65_000;

const COLUMNS: readonly TableColumn[] = [
  { title: "SERVICE", align: "left" },
  { title: "TYPE", align: "left" },
  { title: "STATE", align: "left" },
  { title: "LEDGER", align: "right" },
  { title: "LEDGERS", align: "right" },
  { title: "EVENTS", align: "right" },
  { title: "LATENCY", align: "right" },
  { title: "QUEUE", align: "right" },
  { title: "LAG", align: "right" },
  { title: "ERRORS", align: "right" },
  { title: "BEAT", align: "right" },
];

const ROLE_ORDER = ["source", "processor", "sink"];

interface Options extends ServerOptions {
  readonly pipeline?: string;
  readonly interval: number;
}

interface Row {
  readonly service: ServiceFacts;
  readonly beat_age_ms: number;
  readonly ledgers_per_second: number;
  readonly events_per_second: number;
}

export function topCommand(): Command {
  const command = new Command("top")
    .description(
      "Watch all components at a control plane: rates, latency, queues, lag. q or Ctrl-C ends it.",
    )
    .option("--pipeline <name>", "only the components of this pipeline")
    .option("--interval <time>", "time between two looks", interval, 1_000)
    .addHelpText(
      "after",
      examples(["flowctl top", "flowctl top --pipeline payments --interval 500ms"]),
    );
  return withServerOptions(command).action(async (options: Options, self: Command) => {
    const server = serverClient(options);
    const globals = globalsOf(self);
    const style = paint(globals.color && process.stdout.isTTY === true);
    const rates = createRates(RATE_WINDOW_MS);
    const client = server.of(ServicesService);
    await watchView({
      interval_ms: options.interval,
      async fetch() {
        const { services } = await server.answer(
          client.listServices({ pipeline: pipelineName(options.pipeline ?? "") }),
        );
        return services.map((one) => {
          const at_ms = one.lastHeartbeat === undefined ? 0 : timestampMs(one.lastHeartbeat);
          return rowOf(serviceFacts(one), at_ms, rates);
        }).sort(inOrder);
      },
      lines: (rows, columns) => topLines(server.url, rows, style, columns),
      json: globals.output === "json"
        ? (rows) => printJson({ services: rows.map(facts) })
        : undefined,
    });
  });
}

/** Counters are as of the last heartbeat, so rates are per heartbeat, not per look. */
function rowOf(service: ServiceFacts, beat_ms: number, rates: Rates): Row {
  const observe = (what: string, value: number | undefined) =>
    value === undefined
      ? 0
      : Math.max(0, rates.observe(`${what} ${service.service_id}`, value, beat_ms));
  return {
    service,
    beat_age_ms: Math.max(0, Date.now() - beat_ms),
    ledgers_per_second: observe("ledgers", ledgersOf(service)),
    events_per_second: observe("events", eventsOf(service)),
  };
}

function facts({ service, ...rest }: Row) {
  return { ...service, ...rest };
}

function inOrder({ service: a }: Row, { service: b }: Row): number {
  const place = ({ service_type }: ServiceFacts) => ROLE_ORDER.indexOf(service_type);
  if (a.pipeline !== b.pipeline) return a.pipeline < b.pipeline ? -1 : 1;
  return place(a) - place(b) || (a.service_id < b.service_id ? -1 : 1);
}

function topLines(
  url: string,
  rows: readonly Row[],
  style: Style,
  columns: number,
): readonly string[] {
  const healthy = rows.filter(({ service }) => isWell(service)).length;
  const total = rows.filter(({ service }) => service.service_type === "sink")
    .reduce((sum, row) => sum + row.events_per_second, 0);
  const cut = (line: string) => line.slice(0, columns - 1);
  const title = `${url}  ${healthy} of ${rows.length} healthy  ${rate(total)} events written`;
  const [heads = "", ...lines] = table(COLUMNS, rows.map(cells));
  return [
    style.bold(cut(title)),
    "",
    style.dim(cut(heads)),
    ...lines.map((line, index) => painted(cut(line), rows[index]?.service, style)),
  ];
}

function cells({ service, ...row }: Row): readonly string[] {
  const shown = (value: number | undefined) => value === undefined ? "" : count(value);
  const latency = metricOf(service, "processing_latency_ms", "output_latency_ms");
  const queue = metricOf(service, "queue_length");
  return [
    service.service_id,
    service.service_type,
    conditionOf(service),
    lastLedgerOf(service)?.toString() ?? "",
    rate(row.ledgers_per_second),
    rate(row.events_per_second),
    latency === undefined ? "" : `${latency.toFixed(1)}ms`,
    queue === undefined ? "" : `${queue}/${metricOf(service, "queue_limit") ?? ""}`,
    shown(metricOf(service, "lag_ledgers")),
    shown(metricOf(service, "error_count")),
    duration(row.beat_age_ms),
  ];
}

function interval(text: string): number {
  const ms = parseDuration_ms(text);
  if (ms !== undefined && ms >= MIN_INTERVAL_MS) return ms;
  throw new FlowctlError("cli/usage", `--interval cannot be '${text}'`, {
    hint: `write it like 1s; ${MIN_INTERVAL_MS}ms is the least`,
  });
}
