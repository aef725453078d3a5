/** `flowctl backfill`: a range of ledgers in chunks, on this machine or over the fleet. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { Argument, Command } from "commander";
import { plannedChunk } from "../../backfill/chunk-status.ts";
import type { ChunkStatus } from "../../backfill/chunk-status.ts";
import { createBackfill, planChunks } from "../../backfill/plan.ts";
import type { Backfill } from "../../backfill/plan.ts";
import { openBus } from "../../bus/connection.ts";
import { createLink } from "../../control/client/link.ts";
import type { Logger } from "../../flow/component.ts";
import { threadsFor, workersOf } from "../../flow/offload/crew.ts";
import type { Workers } from "../../flow/offload/crew.ts";
import { EXIT_INTERRUPTED, FlowctlError } from "../../spec/errors.ts";
import { endpointOf, withServerOptions } from "../client/server-options.ts";
import type { ServerOptions } from "../client/server-options.ts";
import { natsOf } from "../fleet/fleet-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { count, duration } from "../output/format.ts";
import { createLog } from "../output/log.ts";
import { printJson, printLine } from "../output/print.ts";
import { type FileOptions, withFileOptions } from "../pipeline/load-file.ts";
import { loadRunnable, type Runnable } from "../pipeline/runnable.ts";
import { withStateDir } from "../run/state-options.ts";
import { workersOption } from "../run/workers-option.ts";
import { onSignals } from "../signals.ts";
import { backfillOverFleet } from "./backfill-fleet.ts";
import { backfillHere } from "./backfill-local.ts";
import { rangeOf, statusCommand, verifyCommand } from "./backfill-look.ts";
import { backfillProgress } from "./backfill-progress.ts";

const DEFAULT_CHUNK_ledgers = 1_000;

interface Options extends ServerOptions, FileOptions {
  readonly from?: number;
  readonly to?: number;
  readonly chunk: number;
  readonly jobs: number;
  readonly workers?: Workers;
  readonly fleet?: boolean;
  readonly nats?: string;
  readonly again?: boolean;
  readonly stateDir: string;
}

export function backfillCommand(): Command {
  const command = new Command("backfill")
    .description(
      "Run a pipeline over a range of ledgers in chunks. Each chunk is checked when it is done, " +
        "and doing the same backfill again does only what is missing. Files are named by their " +
        "ledgers; databases take rows by event id.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .option("--from <ledger>", "first ledger", whole)
    .option("--to <ledger>", "last ledger, included", whole)
    .option("--chunk <ledgers>", "ledgers a chunk", whole, DEFAULT_CHUNK_ledgers)
    .option("--jobs <count>", "chunks at the same time, on this machine", whole, 1)
    .addOption(workersOption())
    .option("--fleet", "let the agents of the fleet do the chunks, over NATS")
    .option("--nats <servers>", "with --fleet: NATS of the fleet (or NATS_URL)")
    .option("--again", "do chunks of the range again that are done")
    .addCommand(statusCommand())
    .addCommand(verifyCommand());
  return withFileOptions(withStateDir(withServerOptions(command)))
    .addHelpText(
      "after",
      examples([
        "flowctl backfill pipeline.yaml --from 60000000 --to 60099999 --chunk 1000 --jobs 2",
        "flowctl backfill status pipeline.yaml",
        "flowctl backfill pipeline.yaml --from 60000000 --to 60999999 --fleet --nats nats://nats:4222",
      ]),
    )
    .action(async (file: string, options: Options, self: Command) => {
      const { from, to } = rangeOf(options);
      const globals = globalsOf(self);
      const runnable = withWorkers(loadRunnable(file, options, "run"), options, to - from + 1);
      const { pipeline, redact } = runnable;
      const log = createLog({ globals, redact, human: process.stderr.isTTY === true });
      const id = `${pipeline.namespace}/${pipeline.name}`;
      const yaml = readFileSync(file, "utf8");
      const backfill = createBackfill({ pipeline: id, yaml, from, to, size: options.chunk });
      const interrupted = new AbortController();
      const release = onSignals({
        stop: () => interrupted.abort(),
        abort: () => process.exit(EXIT_INTERRUPTED),
      });
      const { signal } = interrupted;
      const started = performance.now();
      const chunks = options.fleet === true
        ? await overFleet(backfill, options, log, signal)
        : await backfillHere({
          ...{ backfill, runnable, log, signal },
          ...{ stateDir: options.stateDir, jobs: options.jobs, again: options.again === true },
        });
      release();
      if (globals.output === "json") printJson({ backfill: backfill.id, pipeline: id, chunks });
      else printLine(summary(chunks, performance.now() - started));
      finish(chunks, signal.aborted);
    });
}

/**
 * Threads are worth their start for the backfill as a whole: its chunks share them. Several chunks
 * at the same time keep the cores busy by themselves.
 */
function withWorkers(runnable: Runnable, { workers, jobs }: Options, ledgers: number): Runnable {
  const { pipeline } = runnable;
  const asked = workers ?? workersOf(pipeline);
  const chosen = asked !== "auto" ? asked : jobs > 1 ? 1 : threadsFor(ledgers);
  return {
    ...runnable,
    pipeline: { ...pipeline, config: { ...pipeline.config, workers: chosen } },
  };
}

/** `11 of 11 chunks verified, 399 ledgers, 2,310 rows, in 12s`. */
function summary(chunks: readonly ChunkStatus[], elapsed_ms: number): string {
  const done = chunks.filter(({ status }) => status === "verified");
  const sum = (each: (chunk: ChunkStatus) => number) =>
    count(done.reduce((total, chunk) => total + each(chunk), 0));
  const ledgers = sum(({ first, last }) => last - first + 1);
  const rows = sum(({ rows }) => Object.values(rows).reduce((total, some) => total + some, 0));
  return `${count(done.length)} of ${count(chunks.length)} chunks verified, ${ledgers} ledgers, ` +
    `${rows} rows, in ${duration(elapsed_ms)}`;
}

async function overFleet(
  backfill: Backfill,
  options: Options,
  log: Logger,
  signal: AbortSignal,
): Promise<readonly ChunkStatus[]> {
  if ((options.set ?? []).length > 0 || (options.envFile ?? []).length > 0) {
    throw new FlowctlError("cli/usage", "--set and --env-file do not go with --fleet", {
      hint: "The file goes to the agents as it is, and ${VAR} is filled in by their environment.",
    });
  }
  const nats = natsOf(options.nats);
  if (nats === undefined) {
    throw new FlowctlError("cli/usage", "--fleet needs NATS, which joins the agents", {
      hint: "give --nats nats://HOST:4222, or NATS_URL",
    });
  }
  const plan = planChunks(backfill).map(({ first, last }) => plannedChunk(first, last));
  const { id, pipeline, from, to } = backfill;
  log.info("backfill", { id, pipeline, from, to, chunks: plan.length });
  const onChange = backfillProgress(log, plan);
  const bus = await openBus({ ...nats, name: "flowctl-backfill" }, log);
  const named = options.server ?? options.context ?? (process.env["FLOWCTL_SERVER"] || undefined);
  const link = named === undefined ? undefined : createLink({ ...endpointOf(options), log });
  try {
    const again = options.again === true;
    return await backfillOverFleet({ backfill, bus, link, again, signal, onChange });
  } finally {
    await bus.close();
  }
}

function finish(chunks: readonly ChunkStatus[], interrupted: boolean): void {
  const failed = chunks.filter(({ status }) => status === "failed");
  if (failed.length > 0) {
    throw new FlowctlError(
      "backfill/chunks-failed",
      `${failed.length} of ${chunks.length} chunks failed, the first from ledger ` +
        `${failed[0]!.first}: ${failed[0]!.error}`,
      { hint: "mend the cause and give the same command again: it does only these chunks" },
    );
  }
  if (interrupted) process.exitCode = EXIT_INTERRUPTED;
}

function whole(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 4_294_967_295) return value;
  throw new FlowctlError("cli/usage", `'${text}' is not a whole number from 1 on`);
}
