/** `flowctl logs`: what running pipelines log, from everywhere. */

import process from "node:process";
import { Argument, Command } from "commander";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { LogLine } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { FlowctlError } from "../../spec/errors.ts";
import { serverClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { logLine } from "../output/log-line.ts";
import { printJson } from "../output/print.ts";
import { follow } from "./follow.ts";
import { pipelineName, timeOf } from "./service-facts.ts";

const LEVELS = ["debug", "info", "warn", "error"];
const MAX_TAIL_LINES = 1_000;

interface Options extends ServerOptions {
  readonly component?: string;
  readonly run?: string;
  readonly level: string;
  readonly tail: number;
  readonly follow: boolean;
}

export function logsCommand(): Command {
  const command = new Command("logs")
    .description(
      "Show the last log lines of pipelines that report to a control plane. It keeps the newest " +
        "20,000 lines in memory; it is no archive.",
    )
    .addArgument(new Argument("[pipeline]", "only this pipeline"))
    .option("--component <id>", "only this component")
    .option("--run <id>", "only this run")
    .option("--level <level>", `this level and above: ${LEVELS.join(", ")}`, level, "info")
    .option("-n, --tail <lines>", "so many lines of before", lines, 100)
    .option("-f, --follow", "go on with what comes, until Ctrl-C", false)
    .addHelpText(
      "after",
      examples([
        "flowctl logs payments --follow",
        "flowctl logs payments --component rows --level warn --tail 20",
        "flowctl logs --output json | jq .message",
      ]),
    );
  return withServerOptions(command).action(
    async (pipeline: string | undefined, options: Options, self: Command) => {
      const server = serverClient(options);
      const globals = globalsOf(self);
      const human = logLine(globals.color && process.stdout.isTTY === true);
      const show = globals.output === "json"
        ? (line: LogLine) => printJson(facts(line))
        : (line: LogLine) => void process.stdout.write(human(jsonOf(line, pipeline !== undefined)));
      const client = server.of(TelemetryService);
      await follow({
        server,
        open: (signal, again) =>
          client.tailLogs({
            pipeline: pipelineName(pipeline ?? ""),
            componentId: options.component ?? "",
            runId: options.run ?? "",
            minLevel: options.level,
            backlog: again ? 0 : options.tail,
            follow: options.follow,
          }, { signal, timeoutMs: 0 }),
        on({ line }) {
          if (line !== undefined) show(line);
        },
      });
    },
  );
}

function facts(line: LogLine) {
  return {
    time: timeOf(line.at),
    level: line.level,
    message: line.message,
    pipeline: line.pipeline,
    run_id: line.runId,
    component: line.componentId,
    agent: line.agent,
    fields: line.fields,
  };
}

/** As the pipeline itself logged it, with its name where lines of several are mixed. */
function jsonOf(line: LogLine, one: boolean): string {
  const { time, level, message, pipeline, component, agent, fields } = facts(line);
  const who = [one ? "" : pipeline, component].filter((part) => part !== "").join("/");
  return JSON.stringify({
    level,
    time,
    ...(who === "" ? {} : { component: who }),
    ...(agent === "" ? {} : { agent }),
    ...fields,
    message,
  });
}

function level(text: string): string {
  if (LEVELS.includes(text)) return text;
  throw new FlowctlError("cli/usage", `--level cannot be '${text}'`, {
    hint: `use one of ${LEVELS.join(", ")}`,
  });
}

function lines(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= MAX_TAIL_LINES) return Number(text);
  throw new FlowctlError("cli/usage", `--tail cannot be '${text}'`, {
    hint: `a whole number from 0 to ${MAX_TAIL_LINES}`,
  });
}
