/**
 * Memory over a long run: all of Hubble's tables of thousands of ledgers, to Parquet and to JSON
 * lines. What counts beside the peak is the slope: memory that grows with the run has no bound.
 *
 *   scripts/bench memory [-- LEDGERS]
 */

import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { sharedMissing } from "../../../tests/support/shared.ts";
import { type BenchLake, generatedLake, realLake } from "./lakes.ts";
import { atMost, type BenchContext, type BenchPart, figure, megabytes } from "./section.ts";

const FULL_ledgers = 5_000;
const QUICK_ledgers = 150;
const TARGET_PEAK_mb = 400;
/** Of the peak's bound in a run ten times as long. */
const TARGET_SLOPE_mb = 8;
const SAMPLE_AFTER_ms = 250;
/** Until then buffers fill and code is compiled. */
const WARM_SHARE = 0.25;

interface MemoryRun {
  readonly peak_bytes: number;
  /** Bytes by which memory grows in a thousand ledgers, after the start. */
  readonly slope_bytes: number;
  readonly ledgers_per_s: number;
}

interface MemoryCase {
  readonly sink: "parquet" | "jsonl";
  readonly workers: number;
}

const CASES: readonly MemoryCase[] = [
  { sink: "parquet", workers: 1 },
  { sink: "jsonl", workers: 1 },
  { sink: "parquet", workers: 2 },
];

export const memory: BenchPart = {
  name: "memory",
  title: "Memory over a long run",
  inQuick: false,
  async measure(context) {
    if (process.platform !== "linux") return { skipped: "memory is read from /proc" };
    const asked = Number(context.args[0] ?? (context.quick ? QUICK_ledgers : FULL_ledgers));
    const real = sharedMissing === false;
    const lake = await (real ? realLake(asked) : generatedLake(asked));
    const runs = new Map<string, MemoryRun>();
    for (const one of CASES) {
      const what = `${one.sink}, ${one.workers} worker${one.workers === 1 ? "" : "s"}`;
      const run = await runWith(context, lake, one);
      context.note(`${what}: ${cells(run).join(", ")}`);
      runs.set(what, run);
    }
    return {
      method:
        `All of Hubble's tables of ${lake.ledgers} ledgers by the built binary, its resident ` +
        `memory read every ${SAMPLE_AFTER_ms} ms. The slope is that of the straight line through ` +
        "what was read after the first quarter.",
      columns: ["sink", "ledgers", "peak, MB", "slope, MB in 1,000 ledgers", "ledgers/s"],
      rows: [...runs].map(([what, run]) => [what, lake.title, ...cells(run)]),
      targets: [...runs].flatMap(([what, { peak_bytes, slope_bytes }]) => [
        atMost(TARGET_PEAK_mb, { what: `${what}, peak`, unit: "MB", seen: peak_bytes / 1e6 }),
        atMost(TARGET_SLOPE_mb, {
          what: `${what}, slope`,
          unit: "MB in 1,000 ledgers",
          seen: slope_bytes / 1e6,
        }),
      ]),
      notMeasured: [
        "Files in the cache of the operating system, which are not the program's.",
      ],
      summary: `memory, MB: ${
        [...runs].map(([what, { peak_bytes }]) => `${what} ${megabytes(peak_bytes, 0)}`).join(", ")
      }`,
    };
  },
};

function cells({ peak_bytes, slope_bytes, ledgers_per_s }: MemoryRun): string[] {
  return [megabytes(peak_bytes, 0), megabytes(slope_bytes, 1), figure(ledgers_per_s)];
}

async function runWith(
  { folder, flowctl }: BenchContext,
  lake: BenchLake,
  { sink, workers }: MemoryCase,
): Promise<MemoryRun> {
  const output = join(folder, "out");
  const file = join(folder, "memory.json");
  const path = join(output, sink === "parquet" ? "{table}" : "{table}.jsonl");
  const range = { start_ledger: lake.first, end_ledger: lake.last };
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: "flowctl/v1",
      kind: "Pipeline",
      metadata: { name: "memory" },
      spec: {
        sources: [{ id: "lake", type: "galexie", config: { url: lake.path, ...range } }],
        processors: [{ id: "tables", type: "hubble", inputs: ["lake"] }],
        sinks: [{ id: "rows", type: sink, inputs: ["tables"], config: { path } }],
      },
    }),
  );
  const samples: [ms: number, bytes: number][] = [];
  const started = performance.now();
  const args = [
    "--log-level",
    "warn",
    "run",
    file,
    "--no-persistence",
    "--workers",
    String(workers),
  ];
  const env = { ...process.env, HEALTH_PORT: "0" };
  const child = spawn(flowctl, args, { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  const poll = setInterval(() => {
    const bytes = residentMemory(child.pid);
    if (bytes !== undefined) samples.push([performance.now() - started, bytes]);
  }, SAMPLE_AFTER_ms);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (status !== 0) throw new Error(`${flowctl} ended with status ${status}`);
  } finally {
    clearInterval(poll);
    rmSync(output, { recursive: true, force: true });
  }
  const wall_ms = performance.now() - started;
  const warm = samples.filter(([ms]) => ms > WARM_SHARE * wall_ms);
  return {
    peak_bytes: Math.max(...samples.map(([, bytes]) => bytes)),
    slope_bytes: slopeOf(warm) * wall_ms * 1000 / lake.ledgers,
    ledgers_per_s: lake.ledgers * 1000 / wall_ms,
  };
}

/** By least squares; what y gains when x grows by one. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const meanX = mean(([x]) => x);
  const meanY = mean(([, y]) => y);
  return mean(([x, y]) => (x - meanX) * (y - meanY)) / mean(([x]) => (x - meanX) ** 2);
}

/** See proc(5): VmRSS, in kB. */
function residentMemory(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
