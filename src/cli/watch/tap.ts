/** `flowctl tap`: the events that pass an edge of a running pipeline, as they pass. */

import process from "node:process";
import { Argument, Command } from "commander";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { TapItem } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { compileExpression } from "../../processors/cel/expression.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { nearest } from "../../spec/nearest.ts";
import { serverClient } from "../client/server-client.ts";
import type { ServerClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printLine } from "../output/print.ts";
import { paint } from "../output/style.ts";
import { follow } from "./follow.ts";
import { pipelineName } from "./service-facts.ts";

const MAX_RATE = 1_000;

interface Options extends ServerOptions {
  readonly where: string;
  readonly rate: number;
  readonly count?: number;
}

export function tapCommand(): Command {
  const command = new Command("tap")
    .description(
      "Look at the events that a component of a running pipeline gives (for a sink: takes), as " +
        "they pass. It slows nothing down: events beyond the rate are only counted.",
    )
    .addArgument(new Argument("<pipeline>", "name of the pipeline"))
    .addArgument(new Argument("[component]", "id of the component; without it, all edges"))
    .option("--where <expression>", "only events for which this CEL expression is true", "")
    .option("--rate <events>", "events a second at the most", rate, 10)
    .option("--count <events>", "end after so many", whole)
    .addHelpText(
      "after",
      examples([
        "flowctl tap payments transfers",
        "flowctl tap payments transfers --where \"asset_code == 'USDC' && amount > 1000.0\"",
        "flowctl tap payments rows --count 1 --output json | jq .",
      ]),
    );
  return withServerOptions(command).action(
    async (name: string, component: string | undefined, options: Options, self: Command) => {
      if (options.where !== "") compileExpression("--where", options.where);
      const pipeline = pipelineName(name);
      const server = serverClient(options);
      await check(server, pipeline, component);
      const globals = globalsOf(self);
      const style = paint(globals.color && process.stdout.isTTY === true);
      const show = globals.output === "json"
        ? (item: TapItem) => printLine(jsonOf(item))
        : (item: TapItem) =>
          printLine(
            `${
              style.dim(`${item.componentId} ${item.sequence}`)
            } ${item.eventType} ${item.rowJson}`,
          );
      let shown = 0;
      let skipped = 0n;
      await follow({
        server,
        open: (signal) =>
          server.of(TelemetryService).tap({
            pipeline,
            componentId: component ?? "",
            where: options.where,
            rate: options.rate,
          }, { signal, timeoutMs: 0 }),
        on(response) {
          skipped += response.skipped;
          if (response.item === undefined) return false;
          show(response.item);
          return ++shown === options.count;
        },
      });
      if (skipped > 0n && globals.output === "text") {
        process.stderr.write(
          `${skipped} more events went by beyond the rate of ${options.rate}/s\n`,
        );
      }
    },
  );
}

/** The row is JSON already, with all digits of its integers. */
function jsonOf(item: TapItem): string {
  const { componentId, sequence, eventType, rowJson } = item;
  return `{"component_id":${JSON.stringify(componentId)},"sequence":${sequence},` +
    `"event_type":${JSON.stringify(eventType)},"event":${rowJson}}`;
}

/** A name that nothing has would show nothing for ever. */
async function check(
  server: ServerClient,
  pipeline: string,
  component: string | undefined,
): Promise<void> {
  const { services } = await server.answer(server.of(ServicesService).listServices({}));
  const names = [...new Set(services.map((one) => pipelineName(one.pipeline)))];
  if (!names.includes(pipeline)) {
    throw unknown("pipeline", pipeline, names, `at ${server.url}: flowctl pipelines lists them`);
  }
  const ids = services.filter((one) => pipelineName(one.pipeline) === pipeline)
    .map((one) => one.componentId).sort();
  if (component !== undefined && !ids.includes(component)) {
    throw unknown("component", component, ids, `in ${pipeline}: it has ${ids.join(", ")}`);
  }
}

function unknown(
  what: string,
  name: string,
  known: readonly string[],
  hint: string,
): FlowctlError {
  const near = nearest(name, known);
  return new FlowctlError("control/not-found", `there is no ${what} '${name}'`, {
    hint: near === undefined ? `look ${hint}` : `did you mean ${near}?`,
  });
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= MAX_RATE) return value;
  throw new FlowctlError("cli/usage", `--rate cannot be '${text}'`, {
    hint: `a number above 0, at most ${MAX_RATE}`,
  });
}

function whole(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new FlowctlError("cli/usage", `--count cannot be '${text}'`, { hint: "a whole number" });
}
