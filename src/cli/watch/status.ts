/** `flowctl status`: how everything at a control plane is. */

import process from "node:process";
import { Command } from "commander";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { serverClient } from "../client/server-client.ts";
import type { ServerClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { count, table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { paint, type Style } from "../output/style.ts";
import { pipelinesAt } from "./pipeline-list.ts";
import type { PipelineFacts } from "./pipeline-list.ts";
import { backfillsAt, backfillTable } from "./running-backfills.ts";
import type { BackfillProgress } from "./running-backfills.ts";
import { conditionOf, pipelineName, serviceFacts } from "./service-facts.ts";
import type { ServiceFacts } from "./service-facts.ts";
import { eventsOf, lastLedgerOf, metricOf } from "./service-table.ts";
import { watchView } from "./watch-view.ts";

const WATCH_INTERVAL_MS = 2_000;
/** Services in trouble that are named one by one. */
const MAX_NAMED = 20;

interface Options extends ServerOptions {
  readonly watch: boolean;
}

interface Status {
  readonly server: string;
  /** Services by condition: healthy, degraded, unhealthy, completed … */
  readonly services: Readonly<Record<string, number>>;
  readonly pipelines: readonly (PipelineFacts & Progress)[];
  /** Those that go on. */
  readonly backfills: readonly BackfillProgress[];
  readonly troubled: readonly ServiceFacts[];
}

interface Progress {
  readonly last_ledger: number | null;
  readonly lag_ledgers: number | null;
  readonly events_written: number | null;
  readonly error_count: number;
}

export function statusCommand(): Command {
  const command = new Command("status")
    .description("Show how everything at a control plane is: pipelines, services, what is wrong.")
    .option("--watch", "again every 2 seconds, until Ctrl-C or q", false)
    .addHelpText(
      "after",
      examples([
        "flowctl status",
        "flowctl status --watch",
        "flowctl status --server flow.example:8080 --output json",
      ]),
    );
  return withServerOptions(command).action(async (options: Options, self: Command) => {
    const server = serverClient(options);
    const globals = globalsOf(self);
    const style = paint(globals.color && process.stdout.isTTY === true);
    const lines = (status: Status, columns: number) => statusLines(status, style, columns);
    const json = globals.output === "json" ? printJson : undefined;
    if (options.watch) {
      const fetch = () => statusAt(server);
      return await watchView({ interval_ms: WATCH_INTERVAL_MS, fetch, lines, json });
    }
    const status = await statusAt(server);
    if (json !== undefined) return json(status);
    for (const line of lines(status, Infinity)) printLine(line);
  });
}

async function statusAt(server: ServerClient): Promise<Status> {
  const [pipelines, backfills, { services }] = await Promise.all([
    pipelinesAt(server),
    backfillsAt(server),
    server.answer(server.of(ServicesService).listServices({})),
  ]);
  const facts = services.map(serviceFacts);
  const counts: Record<string, number> = {};
  for (const service of facts) {
    counts[conditionOf(service)] = (counts[conditionOf(service)] ?? 0) + 1;
  }
  return {
    server: server.url,
    services: counts,
    pipelines: pipelines.map((pipeline) => ({
      ...pipeline,
      ...progressOf(facts.filter((one) => pipelineName(one.pipeline) === pipeline.name)),
    })),
    backfills,
    troubled: facts.filter((service) =>
      ["degraded", "unhealthy", "failed"].includes(conditionOf(service))
    ),
  };
}

function progressOf(services: readonly ServiceFacts[]): Progress {
  const of = (role: string) => services.filter(({ service_type }) => service_type === role);
  const numbers = (
    list: readonly ServiceFacts[],
    metric: (one: ServiceFacts) => number | undefined,
  ) => list.map(metric).filter((value) => value !== undefined);
  const ledgers = numbers(of("source"), lastLedgerOf);
  const lags = numbers(of("source"), (one) => metricOf(one, "lag_ledgers"));
  const events = numbers(of("sink"), eventsOf);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    last_ledger: ledgers.length === 0 ? null : Math.min(...ledgers),
    lag_ledgers: lags.length === 0 ? null : Math.max(...lags),
    events_written: events.length === 0 ? null : sum(events),
    error_count: sum(numbers(services, (one) => metricOf(one, "error_count"))),
  };
}

function statusLines(status: Status, style: Style, columns: number): readonly string[] {
  const cut = (line: string) => line.slice(0, columns - 1);
  const counts = Object.entries(status.services).map(([name, number]) => `${number} ${name}`);
  const lines = [
    `${style.bold(status.server)}  ${counts.length === 0 ? "no services" : counts.join(", ")}`,
  ];
  if (status.pipelines.length > 0) {
    const [heads = "", ...rows] = pipelineTable(status.pipelines);
    lines.push("", style.dim(cut(heads)), ...rows.map(cut));
  }
  const [backfillHeads, ...backfills] = backfillTable(status.backfills);
  if (backfillHeads !== undefined) {
    lines.push("", style.dim(cut(backfillHeads)), ...backfills.map(cut));
  }
  if (status.troubled.length > 0) lines.push("");
  for (const service of status.troubled.slice(0, MAX_NAMED)) {
    const condition = conditionOf(service);
    const mark = condition === "degraded" ? style.yellow : style.red;
    lines.push(mark(cut(`${service.service_id}  ${condition}  ${service.message}`.trimEnd())));
  }
  const more = status.troubled.length - MAX_NAMED;
  if (more > 0) lines.push(`and ${more} more: flowctl services`);
  return lines;
}

function pipelineTable(pipelines: Status["pipelines"]): string[] {
  const titles = ["PIPELINE", "RUN", "HEALTHY", "LEDGER", "LAG", "EVENTS", "ERRORS"];
  const shown = (value: number | null) => value === null ? "" : count(value);
  return table(
    titles.map((title, index) => ({ title, align: index < 3 ? "left" : "right" })),
    pipelines.map((one) => [
      one.name,
      one.last_status ?? "",
      one.components === 0 ? "" : `${one.healthy}/${one.components}`,
      one.last_ledger?.toString() ?? "",
      shown(one.lag_ledgers),
      shown(one.events_written),
      count(one.error_count),
    ]),
  );
}
