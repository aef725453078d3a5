/** Runs a pipeline from a program. */

import process from "node:process";
import { catalogue, components as runnable } from "../catalogue.ts";
import { eventTypeByName, eventTypes } from "../events/registry.ts";
import type { ComponentDefinition, Logger } from "../flow/component.ts";
import { startRun } from "../flow/run.ts";
import type { Run, RunOptions } from "../flow/run.ts";
import type { RunSummary } from "../flow/stats.ts";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { FlowctlError } from "../spec/errors.ts";
import { loadPipeline } from "../spec/load.ts";
import type { PipelineSpec } from "../spec/pipeline.ts";
import { workerHost } from "../worker-host.ts";
import { pipelineText } from "./pipeline-object.ts";
import type { PipelineObject } from "./pipeline-object.ts";

/** A pipeline in code, a file of one, or the text of such a file. */
export type PipelineInput = PipelineObject | { readonly file: string } | { readonly text: string };

export interface PipelineOptions
  extends Pick<RunOptions, "from" | "to" | "reset" | "wait" | "workers" | "drainDeadline_ms"> {
  /** The program's own components, where a file or a text names them. */
  readonly components?: readonly ComponentDefinition[];
  /** Where checkpoints are kept. Default `.flowctl`. */
  readonly stateDir?: string;
  /** False: keep no checkpoints. Default true. */
  readonly persistent?: boolean;
  /** Default: warnings and errors, on the console. */
  readonly log?: Logger;
  /** What `${VAR}` stands for and components look defaults up in. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Fires: the run drains, commits and ends. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the pipeline until its range ends or the signal fires, and resolves to what it did.
 * Rejects with a `FlowctlError`: `spec/invalid` with everything that is wrong with the pipeline,
 * or what made the run fail.
 *
 * @example
 * ```ts
 * await run({
 *   name: "ledgers",
 *   sources: [{ id: "network", type: "sandbox", config: { ledgers: 10 } }],
 *   sinks: [{ id: "rows", type: "jsonl", inputs: ["network"], config: { path: "rows.jsonl" } }],
 * });
 * ```
 */
export async function run(
  pipeline: PipelineInput,
  options: PipelineOptions = {},
): Promise<RunSummary> {
  const summary = await start(pipeline, options).done;
  if (summary.error !== undefined) throw summary.error;
  return summary;
}

/** Starts the pipeline and returns at once, to be watched and stopped. Throws `spec/invalid`. */
export function start(pipeline: PipelineInput, options: PipelineOptions = {}): Run {
  const env = options.env ?? process.env;
  const own = "sources" in pipeline ? pipelineText(pipeline).components : [];
  const brought = [...own, ...options.components ?? []];
  const started = startRun({
    ...options,
    pipeline: load(pipeline, [...brought, ...catalogue], env),
    catalogue: [...brought, ...runnable],
    stateDir: options.stateDir ?? ".flowctl",
    persistent: options.persistent ?? true,
    log: options.log ?? consoleLog,
    workerHost,
    env,
  });
  const { signal } = options;
  if (signal?.aborted === true) started.stop();
  signal?.addEventListener("abort", started.stop);
  started.done.finally(() => signal?.removeEventListener("abort", started.stop));
  return started;
}

function load(
  pipeline: PipelineInput,
  components: readonly ComponentDefinition[],
  env: Readonly<Record<string, string | undefined>>,
): PipelineSpec {
  const own = new Set(components.flatMap(({ accepts, emits }) => [...accepts, ...emits]));
  const loaded = loadPipeline({
    ...fileOf(pipeline),
    declarations: components,
    eventTypes: {
      canonical: (name) => eventTypeByName(name)?.name ?? (own.has(name) ? name : undefined),
      names: [...new Set([...eventTypes.map(({ name }) => name), ...own])],
    },
    env,
    mode: "run",
  });
  if (loaded.pipeline !== undefined) return loaded.pipeline;
  throw new FlowctlError("spec/invalid", loaded.diagnostics.map(formatDiagnostic).join("\n"));
}

function fileOf(pipeline: PipelineInput): { readonly file: string; readonly text?: string } {
  if ("file" in pipeline) return { file: pipeline.file };
  if ("text" in pipeline) return { file: "pipeline", text: pipeline.text };
  return { file: pipeline.name, text: pipelineText(pipeline).text };
}

const consoleLog: Logger = {
  debug() {},
  info() {},
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
};
