/** From a lake on disk to JSON lines, beside the SDK's full decode of the same objects. */

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { sharedMissing } from "../../../tests/support/shared.ts";
import { type BenchLake, generatedLake, realLake } from "./lakes.ts";
import { measure } from "./measure.ts";
import { cellsOf, RUN_COLUMNS, runOnce, type Runs, runsOf } from "./pipeline-run.ts";
import { atLeast, figure, median, megabytes, spread } from "./section.ts";
import type { BenchContext, BenchPart, Section } from "./section.ts";

const SDK_DECODE = fileURLToPath(new URL("./sdk-decode.ts", import.meta.url));
const TARGET_ledgers_per_s = 300;
const TARGET_second_worker_times = 1.6;

const QUICK = { real: 150, generated: 0, rounds: 2, decode_s: 3 } as const;
const FULL = { real: 2_000, generated: 2_000, rounds: 3, decode_s: 6 } as const;

interface Extract {
  /** Each into a JSON lines file of its own. */
  readonly processors: readonly string[];
  readonly workers: number;
}

/** The first two are compared with each other. */
const EXTRACTS: readonly Extract[] = [
  { processors: ["token-transfer"], workers: 1 },
  { processors: ["token-transfer"], workers: 2 },
  { processors: ["contract-events"], workers: 1 },
  { processors: ["token-transfer", "contract-events"], workers: 1 },
  { processors: ["token-transfer", "contract-events"], workers: 2 },
];

interface Compared {
  readonly lake: BenchLake;
  readonly ours: readonly Runs[];
  readonly sdk: readonly Decoded[];
}

/** What the SDK does in one round. */
interface Decoded {
  readonly ledgers_per_s: number;
  /** Processor time of a ledger. */
  readonly cpu_ms: number;
}

export const lakeJsonl: BenchPart = {
  name: "lake-jsonl",
  title: "Lake to JSON lines",
  inQuick: true,
  async measure(context) {
    const size = context.quick ? QUICK : FULL;
    const all: Compared[] = [];
    if (sharedMissing === false) {
      all.push(await compare(context, await realLake(size.real), size.rounds, size.decode_s));
    } else context.note(`mainnet ledgers: skipped, ${sharedMissing}`);
    const generated = size.generated || (all.length === 0 ? QUICK.real : 0);
    if (generated > 0) {
      all.push(await compare(context, await generatedLake(generated), 1, size.decode_s));
    }
    return sectionOf(all);
  },
};

async function compare(
  context: BenchContext,
  lake: BenchLake,
  rounds: number,
  decode_s: number,
): Promise<Compared> {
  const ours = EXTRACTS.map((extract) => runsOf(nameOf(extract), lake));
  const sdk: Decoded[] = [];
  // In turns, so that a machine that slows down slows all of them.
  for (let round = 1; round <= rounds; round++) {
    for (const [index, extract] of EXTRACTS.entries()) {
      const runs = ours[index];
      if (runs !== undefined) await run(context, runs, extract);
    }
    sdk.push(await decode(context, lake, decode_s));
    const rates = ours.map(({ name, rates }) => `${name} ${figure(rates.at(-1) ?? NaN)}`);
    context.note(
      `round ${round}, ledgers/s: ${rates.join(", ")}, SDK decode ${
        figure(sdk.at(-1)?.ledgers_per_s ?? NaN)
      }`,
    );
  }
  return { lake, ours, sdk };
}

function nameOf({ processors, workers }: Extract): string {
  return `${processors.join(" and ")}, ${workers} worker${workers === 1 ? "" : "s"}`;
}

async function run(
  context: BenchContext,
  runs: Runs,
  { processors, workers }: Extract,
): Promise<void> {
  const output = join(context.folder, "out");
  await runOnce(context, runs, output, {
    options: ["--workers", String(workers)],
    processors: processors.map((type) => ({ id: type, type, inputs: ["lake"] })),
    sinks: processors.map((type) => ({
      id: `${type}-rows`,
      type: "jsonl",
      inputs: [type],
      config: { path: join(output, `${type}.jsonl`) },
    })),
  });
}

async function decode(context: BenchContext, lake: BenchLake, seconds: number): Promise<Decoded> {
  const command = [process.execPath, SDK_DECODE, lake.path, String(seconds)] as const;
  const { stdout } = await measure([...command], context.folder);
  const seen = JSON.parse(stdout) as { ledgers: number; elapsed_ms: number; cpu_ms: number };
  return {
    ledgers_per_s: seen.ledgers * 1000 / seen.elapsed_ms,
    cpu_ms: seen.cpu_ms / seen.ledgers,
  };
}

function sectionOf(all: readonly Compared[]): Section {
  const rows = all.flatMap(({ lake, ours, sdk }) => [
    ...ours.map((runs) => [...cellsOf(runs), times(runs, sdk)]),
    sdkCells(lake, sdk),
  ]);
  const [first] = all;
  const decoded = first?.sdk ?? [];
  const one = median(first?.ours[0]?.rates ?? []);
  return {
    method:
      "From a lake on disk to JSON lines, all hashes checked, one run of the built binary with its " +
      "start. In turns with it, the Stellar SDK's full decode of the same objects, which checks and " +
      "writes nothing. Middle of the rounds, lowest and highest in brackets.",
    columns: [...RUN_COLUMNS, "times the SDK"],
    rows,
    targets: [
      atLeast(TARGET_ledgers_per_s, {
        what: "token transfers, one worker",
        unit: "ledgers/s",
        seen: one,
      }),
      atLeast(TARGET_second_worker_times, {
        what: "token transfers, two workers",
        unit: "times one worker",
        seen: median(first?.ours[1]?.rates ?? []) / one,
      }),
    ],
    notMeasured: ["Lakes in object stores: the disk stands for a network that is fast enough."],
    summary: `lake to JSONL, ledgers/s: ${
      first?.ours.map((runs) =>
        `${runs.name} ${figure(median(runs.rates))} (${times(runs, decoded)} times)`
      ).join(", ")
    }, SDK full decode ${figure(rateOf(decoded))} (${first?.lake.title})`,
  };
}

function rateOf(sdk: readonly Decoded[]): number {
  return median(sdk.map(({ ledgers_per_s }) => ledgers_per_s));
}

function times(runs: Runs, sdk: readonly Decoded[]): string {
  return figure(median(runs.rates) / rateOf(sdk));
}

function sdkCells(lake: BenchLake, sdk: readonly Decoded[]): string[] {
  const each = megabytes(lake.bytes / lake.ledgers);
  const rates = spread(sdk.map(({ ledgers_per_s }) => ledgers_per_s));
  const cpu = spread(sdk.map(({ cpu_ms }) => cpu_ms));
  return ["SDK, full decode", lake.title, each, "none", rates, cpu, "", "1"];
}
