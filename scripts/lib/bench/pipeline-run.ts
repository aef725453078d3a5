/** A pipeline run by the built binary, its start included, and measured. */

import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchLake } from "./lakes.ts";
import { measure } from "./measure.ts";
import type { BenchContext } from "./section.ts";
import { megabytes, spread } from "./section.ts";

export interface PipelineParts {
  /** Of the source `lake`, beside its place and range. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly processors: readonly Component[];
  readonly sinks: readonly Component[];
  /** Options of `flowctl run`. */
  readonly options?: readonly string[];
}

export interface Component {
  readonly id: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
}

/** All rounds of one pipeline over one lake. */
export interface Runs {
  readonly name: string;
  readonly lake: BenchLake;
  /** Ledgers a second, wall clock, of each round. */
  readonly rates: number[];
  /** Milliseconds of processor time for a ledger, of each round. */
  readonly cpu_ms: number[];
  /** Highest resident memory of all rounds; undefined where the system does not tell. */
  memory_bytes: number | undefined;
  /** Written by one round. */
  output_bytes: number;
}

export function runsOf(name: string, lake: BenchLake): Runs {
  return { name, lake, rates: [], cpu_ms: [], memory_bytes: undefined, output_bytes: 0 };
}

/** One round; what it wrote under `output` (a folder of its own) is measured and removed. */
export async function runOnce(
  context: BenchContext,
  runs: Runs,
  output: string,
  parts: PipelineParts,
): Promise<void> {
  const { lake } = runs;
  const file = join(context.folder, "pipeline.json");
  writeFileSync(file, pipelineText(lake, parts));
  const options = ["--log-level", "warn", "--output", "json", "run", file, "--no-persistence"];
  const command = [context.flowctl, ...options, ...parts.options ?? []] as const;
  const run = await measure([...command], context.folder);
  runs.rates.push(lake.ledgers * 1000 / run.wall_ms);
  if (run.cpu_ms !== undefined) runs.cpu_ms.push(run.cpu_ms / lake.ledgers);
  runs.memory_bytes = Math.max(run.memory_bytes ?? 0, runs.memory_bytes ?? 0) || undefined;
  runs.output_bytes = folderBytes(output);
  rmSync(output, { recursive: true, force: true });
}

/** Columns for `cellsOf`. */
export const RUN_COLUMNS = [
  "what",
  "ledgers",
  "MB of XDR each",
  "MB written each",
  "ledgers/s",
  "CPU, ms each",
  "peak memory, MB",
] as const;

export function cellsOf({ name, lake, rates, cpu_ms, memory_bytes, output_bytes }: Runs): string[] {
  return [
    name,
    lake.title,
    megabytes(lake.bytes / lake.ledgers),
    megabytes(output_bytes / lake.ledgers),
    spread(rates),
    cpu_ms.length === 0 ? "" : spread(cpu_ms),
    memory_bytes === undefined ? "" : megabytes(memory_bytes, 0),
  ];
}

/** JSON is YAML. */
function pipelineText(lake: BenchLake, { source, processors, sinks }: PipelineParts): string {
  const config = { url: lake.path, start_ledger: lake.first, end_ledger: lake.last, ...source };
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "bench" },
    spec: { sources: [{ id: "lake", type: "galexie", config }], processors, sinks },
  });
}

function folderBytes(path: string): number {
  if (!existsSync(path)) return 0;
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(path, name)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
}
