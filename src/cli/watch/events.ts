/** `flowctl events`: what happened to services and runs. */

import process from "node:process";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Command } from "commander";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { ControlEvent } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { parseDuration_ms } from "../../spec/quantity.ts";
import { serverClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson, printLine } from "../output/print.ts";
import { paint, type Style } from "../output/style.ts";
import { follow } from "./follow.ts";
import { pipelineName, timeOf } from "./service-facts.ts";

const MAX_LISTED = 10_000;

interface Options extends ServerOptions {
  readonly pipeline?: string;
  readonly kind?: string;
  readonly since: number;
  readonly limit: number;
  readonly follow: boolean;
}

export function eventsCommand(): Command {
  const command = new Command("events")
    .description(
      "Show what happened: services that came, failed or went, runs that began and ended.",
    )
    .option("--pipeline <name>", "only this pipeline")
    .option("--kind <kind>", "only this kind, or all that begin with it: run. or service.unhealthy")
    .option("--since <time>", "how far back, such as 15m, 6h or 7d", since, 86_400_000)
    .option("--limit <events>", "the newest so many", limit, 100)
    .option("-f, --follow", "go on with what comes, until Ctrl-C", false)
    .addHelpText(
      "after",
      examples([
        "flowctl events --since 1h",
        "flowctl events --kind run. --follow",
        "flowctl events --pipeline payments --output json",
      ]),
    );
  return withServerOptions(command).action(async (options: Options, self: Command) => {
    const server = serverClient(options);
    const globals = globalsOf(self);
    const style = paint(globals.color && process.stdout.isTTY === true);
    const show = globals.output === "json"
      ? (event: ControlEvent) => printJson(facts(event))
      : (event: ControlEvent) => printLine(text(event, style));
    const client = server.of(TelemetryService);
    const filter = {
      pipeline: pipelineName(options.pipeline ?? ""),
      kind: options.kind ?? "",
    };
    const list = async () => {
      const { events } = await server.answer(client.listEvents({
        ...filter,
        since: timestampFromMs(Date.now() - options.since),
        limit: options.limit,
      }));
      return events;
    };
    if (!options.follow) {
      for (const event of await list()) show(event);
      return;
    }
    const listed = new Set<string>();
    let afterSequence = 0n;
    await follow({
      server,
      open: (signal) => client.watchEvents({ ...filter, afterSequence }, { signal, timeoutMs: 0 }),
      async on({ event, sequence }) {
        if (event === undefined) {
          // It watches from here on; what was before is listed once.
          if (afterSequence > 0n) return;
          afterSequence = sequence;
          for (const before of await list()) {
            listed.add(before.id);
            show(before);
          }
          return;
        }
        if (sequence > afterSequence) afterSequence = sequence;
        if (!listed.delete(event.id)) show(event);
      },
    });
  });
}

function facts(event: ControlEvent) {
  return {
    id: event.id,
    sequence: Number(event.sequence),
    time: timeOf(event.at),
    kind: event.kind,
    pipeline: event.pipeline,
    run_id: event.runId,
    component_id: event.componentId,
    service_id: event.serviceId,
    message: event.message,
    fields: event.fields,
  };
}

function text(event: ControlEvent, style: Style): string {
  const { time, kind, pipeline, run_id, component_id, service_id, message } = facts(event);
  const who = service_id || [pipeline, component_id].filter((part) => part !== "").join("/");
  const bad = /\.(unhealthy|failed|gone|degraded)$/.test(kind);
  return [
    style.dim((time ?? "").replace("T", " ").slice(0, 19)),
    bad ? style.red(kind) : kind,
    style.bold(who),
    ...(kind.startsWith("run.") ? [style.dim(run_id)] : []),
    message,
  ].filter((part) => part !== "").join("  ");
}

function since(text: string): number {
  const ms = parseDuration_ms(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new FlowctlError("cli/usage", `--since cannot be '${text}'`, {
    hint: "write it like 15m, 6h or 7d",
  });
}

function limit(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LISTED) {
    return Number(text);
  }
  throw new FlowctlError("cli/usage", `--limit cannot be '${text}'`, {
    hint: `a whole number from 1 to ${MAX_LISTED}`,
  });
}
