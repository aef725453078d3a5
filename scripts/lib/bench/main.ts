/** The command line of `scripts/bench`. */

import { readdirSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { sharedMissing } from "../../../tests/support/shared.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import { type BenchLake, realLake, syntheticLake } from "./lakes.ts";
import { measure, type Measurement } from "./measure.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FLOWCTL = join(ROOT, "dist/flowctl");
const SDK_DECODE = join(ROOT, "scripts/lib/bench/sdk-decode.ts");

const QUICK = { ledgers: 200, rounds: 2, decode_s: 3 } as const;
const FULL = { ledgers: 1500, rounds: 5, decode_s: 15 } as const;

const flags = process.argv.slice(2);
if (flags.some((flag) => flag !== "--quick")) {
  console.error("usage: scripts/bench [--quick]");
  process.exit(2);
}
const quick = flags.includes("--quick");
const size = quick ? QUICK : FULL;

interface Result {
  readonly lake: BenchLake;
  /** Ledgers a second of each round. */
  readonly flowctl: readonly number[];
  readonly sdk: readonly number[];
  readonly memory_bytes: number | undefined;
  readonly output_bytes: number;
}

using folder = temporaryFolder();
const results: Result[] = [];
if (sharedMissing === false) results.push(await bench("real", realLake));
else console.log(`mainnet ledgers: skipped, ${sharedMissing}`);
results.push(await bench("synthetic", syntheticLake));

const report = reportOf(results);
if (!quick) writeFileSync(join(ROOT, "BENCHMARKS.md"), report);
console.log(summaryLine(results));

async function bench(
  name: string,
  make: (path: string, ledgers: number) => Promise<BenchLake>,
): Promise<Result> {
  const lake = await make(join(folder.path, name), size.ledgers);
  console.log(`${lake.title}: ${megabytes(lake.bytes / size.ledgers)} MB of XDR each`);
  const flowctl: number[] = [];
  const sdk: number[] = [];
  let memory_bytes: number | undefined;
  // In turns, so that a machine that slows down slows both.
  for (let round = 1; round <= size.rounds; round++) {
    const run = await runFlowctl(lake);
    flowctl.push(size.ledgers * 1000 / run.wall_ms);
    memory_bytes = Math.max(run.memory_bytes ?? 0, memory_bytes ?? 0) || undefined;
    sdk.push(await decodeRate(lake));
    const rates = `flowctl ${rounded(flowctl.at(-1))}, SDK decode ${rounded(sdk.at(-1))} ledgers/s`;
    console.log(`  round ${round}: ${rates}`);
  }
  return { lake, flowctl, sdk, memory_bytes, output_bytes: folderBytes(outputOf(lake)) };
}

function runFlowctl(lake: BenchLake): Promise<Measurement> {
  const file = `${lake.path}.json`;
  writeFileSync(file, pipelineFile(lake));
  const options = ["--log-level", "warn", "--output", "json", "run", file, "--no-persistence"];
  return measure([FLOWCTL, ...options], folder.path);
}

async function decodeRate(lake: BenchLake): Promise<number> {
  const command = [process.execPath, SDK_DECODE, lake.path, String(size.decode_s)] as const;
  const { stdout } = await measure([...command], folder.path);
  const { ledgers, elapsed_ms } = JSON.parse(stdout) as { ledgers: number; elapsed_ms: number };
  return ledgers * 1000 / elapsed_ms;
}

/** JSON is YAML. */
function pipelineFile(lake: BenchLake): string {
  const source = { url: lake.path, start_ledger: lake.first, end_ledger: lake.last };
  const sink = (id: string, input: string) => ({
    id,
    type: "jsonl",
    inputs: [input],
    config: { path: join(outputOf(lake), `${input}.jsonl`) },
  });
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "bench" },
    spec: {
      sources: [{ id: "lake", type: "galexie", config: source }],
      processors: [
        { id: "transfers", type: "token-transfer", inputs: ["lake"] },
        { id: "events", type: "contract-events", inputs: ["lake"] },
      ],
      sinks: [sink("transfer-rows", "transfers"), sink("event-rows", "events")],
    },
  });
}

function outputOf(lake: BenchLake): string {
  return `${lake.path}-out`;
}

function folderBytes(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

function reportOf(all: readonly Result[]): string {
  const rows = all.map((result) =>
    `| ${result.lake.title} | ${megabytes(result.lake.bytes / size.ledgers)} ` +
    `| ${megabytes(result.output_bytes / size.ledgers)} ` +
    `| ${range(result.flowctl)} | ${range(result.sdk)} ` +
    `| ${rounded(middle(result.flowctl) / middle(result.sdk))} times ` +
    `| ${result.memory_bytes === undefined ? "" : megabytes(result.memory_bytes, 0)} |`
  );
  return `# Benchmarks

\`scripts/bench\`, ${cpus().length} cores (${
    cpus()[0]?.model ?? "unknown"
  }), ${process.platform}-${process.arch}.

From a lake on disk to JSON lines: token transfers and contract events of every ledger, all hashes
checked, the process's start included. Beside it, the Stellar SDK's full decode of the same objects in
the same run, which writes nothing. Middle of ${size.rounds} rounds in turns, lowest and highest in brackets.

| ledgers | MB of XDR each | MB of JSON each | flowctl, ledgers/s | SDK decode, ledgers/s | flowctl is faster | peak memory, MB |
|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function summaryLine(all: readonly Result[]): string {
  const [first] = all;
  if (first === undefined) return "nothing was measured";
  const [ours, theirs] = [middle(first.flowctl), middle(first.sdk)];
  return `lake to JSONL: ${rounded(ours)} ledgers/s, SDK full decode: ${
    rounded(theirs)
  } ledgers/s, ` +
    `${rounded(ours / theirs)} times as fast (${first.lake.title}, ${cpus().length} cores)`;
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half)] ?? 0)) / 2;
}

function range(values: readonly number[]): string {
  return `${rounded(middle(values))} (${rounded(Math.min(...values))}–${
    rounded(Math.max(...values))
  })`;
}

function rounded(value = 0): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function megabytes(value: number, digits = 2): string {
  return (value / 1e6).toFixed(digits);
}
