/** The command line of `scripts/bench`. */

import { readdirSync, statSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { sharedMissing } from "../../../tests/support/shared.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";
import { type BenchLake, realLake, syntheticLake } from "./lakes.ts";
import { measure } from "./measure.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FLOWCTL = join(ROOT, "dist/flowctl");
const SDK_DECODE = join(ROOT, "scripts/lib/bench/sdk-decode.ts");

const QUICK = { ledgers: 150, rounds: 2, decode_s: 3 } as const;
const FULL = { ledgers: 500, rounds: 3, decode_s: 6 } as const;

const flags = process.argv.slice(2);
if (flags.some((flag) => flag !== "--quick")) {
  console.error("usage: scripts/bench [--quick]");
  process.exit(2);
}
const quick = flags.includes("--quick");
const size = quick ? QUICK : FULL;

/** What is extracted, each into a JSON lines file of its own. */
const EXTRACTS = [["token-transfer"], ["contract-events"], ["token-transfer", "contract-events"]];

interface Result {
  readonly lake: BenchLake;
  readonly processors: readonly string[];
  /** Ledgers a second of each round. */
  readonly rates: number[];
  memory_bytes: number | undefined;
  output_bytes: number;
}

interface Compared {
  readonly lake: BenchLake;
  readonly results: readonly Result[];
  /** Ledgers a second that the SDK decodes, of each round. */
  readonly sdk: readonly number[];
}

using folder = temporaryFolder();
const all: Compared[] = [];
if (sharedMissing === false) all.push(await bench("real", realLake, size.rounds));
else console.log(`mainnet ledgers: skipped, ${sharedMissing}`);
all.push(await bench("synthetic", syntheticLake, quick ? 1 : size.rounds));

if (!quick) writeFileSync(join(ROOT, "BENCHMARKS.md"), reportOf(all));
console.log(summaryLine(all));

async function bench(
  name: string,
  make: (path: string, ledgers: number) => Promise<BenchLake>,
  rounds: number,
): Promise<Compared> {
  const lake = await make(join(folder.path, name), size.ledgers);
  console.log(`${lake.title}: ${megabytes(lake.bytes / size.ledgers)} MB of XDR each`);
  const results = EXTRACTS.map((processors): Result => ({
    lake,
    processors,
    rates: [],
    memory_bytes: undefined,
    output_bytes: 0,
  }));
  const sdk: number[] = [];
  // In turns, so that a machine that slows down slows all of them.
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) await runFlowctl(result);
    sdk.push(await decodeRate(lake));
    const rates = results.map(({ processors, rates }) =>
      `${processors.join(" + ")} ${rounded(rates.at(-1))}`
    );
    console.log(
      `  round ${round}, ledgers/s: ${rates.join(", ")}, SDK decode ${rounded(sdk.at(-1))}`,
    );
  }
  return { lake, results, sdk };
}

async function runFlowctl(result: Result): Promise<void> {
  const { lake, processors } = result;
  const file = `${lake.path}-${processors.join("-")}.json`;
  const output = `${file}.out`;
  writeFileSync(file, pipelineFile(lake, processors, output));
  const options = ["--log-level", "warn", "--output", "json", "run", file, "--no-persistence"];
  const run = await measure([FLOWCTL, ...options], folder.path);
  result.rates.push(size.ledgers * 1000 / run.wall_ms);
  result.memory_bytes = Math.max(run.memory_bytes ?? 0, result.memory_bytes ?? 0) || undefined;
  result.output_bytes = folderBytes(output);
}

async function decodeRate(lake: BenchLake): Promise<number> {
  const command = [process.execPath, SDK_DECODE, lake.path, String(size.decode_s)] as const;
  const { stdout } = await measure([...command], folder.path);
  const { ledgers, elapsed_ms } = JSON.parse(stdout) as { ledgers: number; elapsed_ms: number };
  return ledgers * 1000 / elapsed_ms;
}

/** JSON is YAML. */
function pipelineFile(lake: BenchLake, processors: readonly string[], output: string): string {
  const source = { url: lake.path, start_ledger: lake.first, end_ledger: lake.last };
  return JSON.stringify({
    apiVersion: "flowctl/v1",
    kind: "Pipeline",
    metadata: { name: "bench" },
    spec: {
      sources: [{ id: "lake", type: "galexie", config: source }],
      processors: processors.map((type) => ({ id: type, type, inputs: ["lake"] })),
      sinks: processors.map((input) => ({
        id: `${input}-rows`,
        type: "jsonl",
        inputs: [input],
        config: { path: join(output, `${input}.jsonl`) },
      })),
    },
  });
}

function folderBytes(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

function reportOf(compared: readonly Compared[]): string {
  const rows = compared.flatMap(({ lake, results, sdk }) => [
    ...results.map((result) =>
      `| ${result.processors.join(" and ")} | ${lake.title} ` +
      `| ${megabytes(lake.bytes / size.ledgers)} | ${
        megabytes(result.output_bytes / size.ledgers)
      } ` +
      `| ${range(result.rates)} | ${rounded(middle(result.rates) / middle(sdk))} ` +
      `| ${result.memory_bytes === undefined ? "" : megabytes(result.memory_bytes, 0)} |`
    ),
    `| SDK, full decode | ${lake.title} | ${megabytes(lake.bytes / size.ledgers)} ` +
    `| none | ${range(sdk)} | 1 | |`,
  ]);
  return `# Benchmarks

Made by \`scripts/bench\` on ${cpus().length} cores (${
    cpus()[0]?.model ?? "unknown"
  }), ${process.platform}-${process.arch}.

From a lake on disk to JSON lines, all hashes checked, the start of the process included. Beside it, in
turns, the Stellar SDK's full decode of the same objects, which writes nothing. Middle of ${size.rounds} rounds,
lowest and highest in brackets.

| what | ledgers | MB of XDR each | MB of JSON each | ledgers/s | times the SDK | peak memory, MB |
|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function summaryLine(compared: readonly Compared[]): string {
  const [first] = compared;
  if (first === undefined) return "nothing was measured";
  const theirs = middle(first.sdk);
  const rates = first.results.map(({ processors, rates }) => {
    const ours = middle(rates);
    return `${processors.join(" + ")} ${rounded(ours)} (${rounded(ours / theirs)} times)`;
  });
  return `lake to JSONL, ledgers/s: ${rates.join(", ")}, SDK full decode ${rounded(theirs)} ` +
    `(${first.lake.title}, ${cpus().length} cores)`;
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
