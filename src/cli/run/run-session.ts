/** One `flowctl run` from its start to its exit status. */

import process from "node:process";
import type { EndpointOptions } from "../../control/client/endpoint.ts";
import type { Logger } from "../../flow/component.ts";
import type { Run, RunOptions } from "../../flow/run.ts";
import { startRun } from "../../flow/run.ts";
import type { RunSummary } from "../../flow/stats.ts";
import { EXIT_DONE, EXIT_INTERRUPTED } from "../../spec/errors.ts";
import { componentsOf, type PipelineSpec } from "../../spec/pipeline.ts";
import type { GlobalOptions } from "../globals.ts";
import { jsonText } from "../output/print.ts";
import { errorReport, errorText, exitStatusOf } from "../output/report.ts";
import { paint } from "../output/style.ts";
import { onSignals } from "../signals.ts";
import { progressOf } from "./progress.ts";
import { createDisplay } from "./run-display.ts";
import { startsProcess } from "./run-endpoint.ts";
import { startRunHealth } from "./run-health.ts";
import type { Reporting } from "./run-reporting.ts";
import { summaryText } from "./summary.ts";

/** After the second signal, how long children may take to go before the process does. */
const ABORT_GRACE_ms = 500;

export interface SessionOptions {
  readonly globals: GlobalOptions;
  readonly redact: (text: string) => string;
  /** The control plane to register with; undefined: nothing outside is contacted. */
  readonly endpoint: EndpointOptions | undefined;
}

/** Runs the pipeline with its display, prints its summary, and resolves to the exit status. */
export async function runSession(
  options: Omit<RunOptions, "log">,
  { globals, redact, endpoint }: SessionOptions,
): Promise<number> {
  const rowsOnStdout = writesToStdout(options.pipeline);
  const display = createDisplay({
    globals,
    redact,
    rowsOnTerminal: rowsOnStdout && process.stdout.isTTY === true,
  });
  const health = await startRunHealth({ ...options, log: display.log });
  const reporting = await openReporting(options, {
    endpoint,
    redact,
    log: display.log,
    health_endpoint: health.endpoint,
  });
  const run = startRun({
    ...options,
    log: reporting?.log ?? display.log,
    identity: reporting?.identity,
  });
  let aborted = false;
  const release = onSignals({
    stop: (signal) => {
      display.log.info(`${signal}: finishing what is on its way; once more ends at once`);
      display.state("stopping");
      run.stop();
    },
    abort: () => {
      aborted = true;
      abort(run, display.close);
    },
  });
  display.follow(run);
  health.follow(run);
  reporting?.follow(run);
  const summary = await run.done;
  await Promise.all([reporting?.close(), health.close()]);
  release();
  display.close();
  printSummary(summary, globals, redact, rowsOnStdout);
  return aborted ? EXIT_INTERRUPTED : statusOf(summary);
}

/** Undefined, and nothing is loaded for it, when there is nobody to tell. */
async function openReporting(
  { pipeline, env, persistent, stateDir }: Omit<RunOptions, "log">,
  told: Pick<SessionOptions, "endpoint" | "redact"> & {
    readonly log: Logger;
    readonly health_endpoint: string | undefined;
  },
): Promise<Reporting | undefined> {
  const needed = told.endpoint !== undefined || componentsOf(pipeline).some(startsProcess);
  if (!needed) return undefined;
  const { openReporting } = await import("./run-reporting.ts");
  const kept = persistent ? stateDir : undefined;
  return await openReporting({ pipeline, env, stateDir: kept, ...told });
}

/** Rows and the summary must not mix on stdout: where a sink has it, the summary moves to stderr. */
function writesToStdout(pipeline: PipelineSpec): boolean {
  return componentsOf(pipeline).some((component) => component.type === "stdout");
}

function abort(run: Run, restoreTerminal: () => void): void {
  run.abort();
  setTimeout(() => {
    restoreTerminal();
    process.exit(EXIT_INTERRUPTED);
  }, ABORT_GRACE_ms);
}

function printSummary(
  summary: RunSummary,
  globals: GlobalOptions,
  redact: (text: string) => string,
  rowsOnStdout: boolean,
): void {
  const out = rowsOnStdout ? process.stderr : process.stdout;
  const { error, ...figures } = summary;
  // The reader of the rows left, as `head` does; nobody asked for a summary.
  if (error !== undefined && exitStatusOf(error) === EXIT_DONE) return;
  if (globals.output === "json") {
    const report = error === undefined ? figures : { ...figures, error: errorReport(error) };
    out.write(redact(jsonText(report)) + "\n");
  } else {
    out.write(redact(summaryText(summary, paint(globals.color && out.isTTY === true))));
  }
  if (error !== undefined) process.stderr.write(redact(errorText(error, globals)));
}

/**
 * A run that was asked to stop ended well when it had no end of its own to reach; one whose range
 * is not done was interrupted, so that `flowctl run a && next` does not go on.
 */
function statusOf(summary: RunSummary): number {
  if (summary.error !== undefined) return exitStatusOf(summary.error);
  if (summary.outcome === "completed") return EXIT_DONE;
  const unfinished = summary.sources.map(progressOf).some((progress) =>
    progress !== undefined && progress.done < progress.total
  );
  return unfinished ? EXIT_INTERRUPTED : EXIT_DONE;
}
