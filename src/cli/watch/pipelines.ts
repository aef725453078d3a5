/** `flowctl pipelines`: pipelines and their runs at a control plane. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Argument, Command } from "commander";
import { nameOf, numberOf, RUN_STATUSES } from "../../control/wire/enums.ts";
import { ControlPlane } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { PipelineRun } from "../../gen/proto/flowctl/control_plane_pb.js";
import { EXIT_FAILED, FlowctlError } from "../../spec/errors.ts";
import { parseDuration_ms } from "../../spec/quantity.ts";
import { serverClient } from "../client/server-client.ts";
import type { ServerClient } from "../client/server-client.ts";
import { type ServerOptions, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { bytes, count, rate, table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { paint } from "../output/style.ts";
import { pipelineRows, pipelinesAt } from "./pipeline-list.ts";
import { ago, pipelineName, runFacts, runTime } from "./service-facts.ts";

const MAX_LISTED = 1_000;
const WAIT_POLL_MS = 250;
const ENDED = ["completed", "failed", "stopped"];

export function pipelinesCommand(): Command {
  return new Command("pipelines")
    .description("List pipelines and their runs at a control plane; stop a run.")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(activeCommand())
    .addCommand(runsCommand())
    .addCommand(runInfoCommand())
    .addCommand(stopCommand());
}

function listCommand(): Command {
  const command = new Command("list")
    .description("List the pipelines that have been applied, or have run and reported.")
    .addHelpText("after", examples(["flowctl pipelines list", "flowctl pipelines --output json"]));
  return withServerOptions(command).action(async (options: ServerOptions, self: Command) => {
    const server = serverClient(options);
    const pipelines = await pipelinesAt(server);
    if (globalsOf(self).output === "json") return printJson({ pipelines });
    if (pipelines.length === 0) return printLine(`no pipelines at ${server.url}`);
    for (const line of pipelineRows(pipelines)) printLine(line);
  });
}

function activeCommand(): Command {
  const command = new Command("active")
    .description("List the runs that go on now.")
    .addHelpText("after", examples(["flowctl pipelines active"]));
  return withServerOptions(command).action(async (options: ServerOptions, self: Command) => {
    const server = serverClient(options);
    const lists = await Promise.all(
      (["starting", "running"] as const).map((status) =>
        listRuns(server, { status, limit: MAX_LISTED })
      ),
    );
    showRuns(lists.flat(), self, `nothing runs at ${server.url}`);
  });
}

interface RunsOptions extends ServerOptions {
  readonly pipeline?: string;
  readonly status?: string;
  readonly limit: number;
}

function runsCommand(): Command {
  const command = new Command("runs")
    .description("List runs, newest first.")
    .option("--pipeline <name>", "only of this pipeline")
    .option("--status <status>", `only ${RUN_STATUSES.slice(1).join(", ")}`)
    .option("--limit <runs>", "the newest so many", limit, 20)
    .addHelpText(
      "after",
      examples([
        "flowctl pipelines runs --pipeline payments",
        "flowctl pipelines runs --status failed --limit 5",
      ]),
    );
  return withServerOptions(command).action(async (options: RunsOptions, self: Command) => {
    const server = serverClient(options);
    showRuns(await listRuns(server, options), self, `no such runs at ${server.url}`);
  });
}

function runInfoCommand(): Command {
  const command = new Command("run-info")
    .description("Show one run: when, how it went, what each component did.")
    .addArgument(new Argument("<run>", "id of the run, or its first characters"))
    .option("--config", "also the pipeline's file, as the run reported it", false)
    .addHelpText(
      "after",
      examples([
        "flowctl pipelines run-info 47795fa0",
        "flowctl pipelines run-info 47795fa0 --config",
      ]),
    );
  return withServerOptions(command).action(
    async (id: string, options: ServerOptions & { config: boolean }, self: Command) => {
      const server = serverClient(options);
      const run = await findRun(server, id);
      if (globalsOf(self).output === "json") {
        return printJson({ ...runFacts(run), config_yaml: run.configYaml });
      }
      for (const line of infoLines(run)) printLine(line);
      if (options.config) process.stdout.write(`\n${run.configYaml.trimEnd()}\n`);
    },
  );
}

interface StopOptions extends ServerOptions {
  readonly wait?: number;
}

function stopCommand(): Command {
  const command = new Command("stop")
    .description(
      "Ask a run to stop: what is on its way reaches the sinks, they commit, and it ends.",
    )
    .addArgument(
      new Argument("<run>", "id of the run, its first characters, or its pipeline's name"),
    )
    .option("--wait <time>", "until it has ended, at most so long, such as 30s", wait)
    .addHelpText(
      "after",
      examples(["flowctl pipelines stop 47795fa0", "flowctl pipelines stop payments --wait 30s"]),
    );
  return withServerOptions(command).action(
    async (id: string, options: StopOptions, self: Command) => {
      const server = serverClient(options);
      const client = server.of(ControlPlane);
      const { runId } = await runToStop(server, id);
      let run = await server.answer(client.stopPipelineRun({ runId }));
      const deadline = performance.now() + (options.wait ?? 0);
      while (!hasEnded(run) && performance.now() < deadline) {
        await sleep(WAIT_POLL_MS);
        run = await server.answer(client.getPipelineRun({ runId }));
      }
      const { status } = runFacts(run);
      if (globalsOf(self).output === "json") printJson(runFacts(run));
      else printLine(hasEnded(run) ? `${runId} has ended: ${status}` : `${runId} is asked to stop`);
      if (options.wait !== undefined && !hasEnded(run)) process.exitCode = EXIT_FAILED;
    },
  );
}

const hasEnded = (run: PipelineRun) => ENDED.includes(nameOf(RUN_STATUSES, run.status));

async function listRuns(
  server: ServerClient,
  { pipeline, status, limit }: Pick<RunsOptions, "pipeline" | "status" | "limit">,
): Promise<readonly PipelineRun[]> {
  const wanted = RUN_STATUSES.find((one) => one === status);
  if (status !== undefined && (wanted === undefined || wanted === "unknown")) {
    throw new FlowctlError("cli/usage", `there is no status '${status}'`, {
      hint: `use one of ${RUN_STATUSES.slice(1).join(", ")}`,
    });
  }
  const { runs } = await server.answer(
    server.of(ControlPlane).listPipelineRuns({
      pipelineName: pipelineName(pipeline ?? ""),
      status: wanted === undefined ? 0 : numberOf(RUN_STATUSES, wanted),
      limit,
    }),
  );
  return runs;
}

/** By its id, or by the first characters of it when only one run begins so. */
async function findRun(server: ServerClient, id: string): Promise<PipelineRun> {
  const client = server.of(ControlPlane);
  try {
    return await server.answer(client.getPipelineRun({ runId: id }));
  } catch (error) {
    if (!(error instanceof FlowctlError) || error.code !== "control/not-found") throw error;
    const recent = await listRuns(server, { limit: MAX_LISTED });
    const [only, ...others] = recent.filter(({ runId }) => runId.startsWith(id));
    if (only !== undefined && others.length === 0) return only;
    const what = only === undefined ? `there is no run ${id}` : `several runs begin with ${id}`;
    throw new FlowctlError("control/not-found", what, {
      hint: "flowctl pipelines runs shows the ids",
      cause: error,
    });
  }
}

/** The run of that id, or the one run of that pipeline that goes on. */
async function runToStop(server: ServerClient, id: string): Promise<PipelineRun> {
  const active = (await listRuns(server, { pipeline: id, limit: MAX_LISTED }))
    .filter((run) => !hasEnded(run));
  const [only, ...others] = active;
  if (only === undefined) return await findRun(server, id);
  if (others.length === 0) return only;
  throw new FlowctlError("cli/usage", `${active.length} runs of ${id} go on`, {
    hint: `name one: ${active.map(({ runId }) => runId).slice(0, 3).join(", ")}`,
  });
}

function showRuns(runs: readonly PipelineRun[], command: Command, none: string): void {
  const globals = globalsOf(command);
  if (globals.output === "json") return printJson({ runs: runs.map(runFacts) });
  if (runs.length === 0) return printLine(none);
  const now_ms = Date.now();
  const style = paint(globals.color && process.stdout.isTTY === true);
  const columns = ["RUN", "PIPELINE", "STATUS", "STARTED", "TOOK", "EVENTS"].map((title) => ({
    title,
    align: title === "EVENTS" ? "right" as const : "left" as const,
  }));
  const [heads = "", ...lines] = table(
    columns,
    runs.map((run) => [
      run.runId,
      run.pipelineName,
      nameOf(RUN_STATUSES, run.status),
      ago(run.startTime, now_ms),
      runTime(run, now_ms),
      run.metrics === undefined ? "" : count(Number(run.metrics.eventsProcessed)),
    ]),
  );
  printLine(style.dim(heads));
  for (const [index, line] of lines.entries()) {
    printLine(nameOf(RUN_STATUSES, runs[index]?.status ?? 0) === "failed" ? style.red(line) : line);
  }
}

function infoLines(run: PipelineRun): readonly string[] {
  const { start_time, end_time, status, error } = runFacts(run);
  const { metrics } = run;
  const facts: readonly (readonly [string, string])[] = [
    ["run", run.runId],
    ["pipeline", run.pipelineName],
    ["status", status],
    ["started", start_time ?? ""],
    ["ended", end_time ?? ""],
    ["took", runTime(run, Date.now())],
    ["error", error],
    ["events", metrics === undefined ? "" : count(Number(metrics.eventsProcessed))],
    ["events/s", metrics === undefined ? "" : rate(metrics.eventsPerSecond)],
    ["read", metrics === undefined ? "" : bytes(Number(metrics.bytesProcessed))],
    ["services", run.componentIds.join(", ")],
  ];
  const lines = facts.filter(([, value]) => value !== "")
    .map(([name, value]) => `${name.padEnd(10)}${value}`);
  const components = Object.entries(metrics?.componentMetrics ?? {});
  if (components.length === 0) return lines;
  const columns = ["COMPONENT", "EVENTS IN", "EVENTS OUT", "BYTES IN", "BYTES OUT", "BUSY"]
    .map((title, index) => ({ title, align: index === 0 ? "left" as const : "right" as const }));
  const rows = components.map(([id, one]) => [
    id,
    count(Number(one.eventsIn)),
    count(Number(one.eventsOut)),
    bytes(Number(one.bytesIn)),
    bytes(Number(one.bytesOut)),
    `${(one.processingTimeMs / 1000).toFixed(1)}s`,
  ]);
  return [...lines, "", ...table(columns, rows)];
}

function limit(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LISTED) {
    return Number(text);
  }
  throw new FlowctlError("cli/usage", `--limit cannot be '${text}'`, {
    hint: `a whole number from 1 to ${MAX_LISTED}`,
  });
}

function wait(text: string): number {
  const ms = parseDuration_ms(text);
  if (ms !== undefined) return ms;
  throw new FlowctlError("cli/usage", `--wait cannot be '${text}'`, { hint: "write it like 30s" });
}
