/** From a lake on disk to Parquet: transfers with events, and all of Hubble's tables. */

import { join } from "node:path";
import { sharedMissing } from "../../../tests/support/shared.ts";
import { type BenchLake, generatedLake, realLake } from "./lakes.ts";
import { cellsOf, type PipelineParts, RUN_COLUMNS, runOnce, type Runs } from "./pipeline-run.ts";
import { runsOf } from "./pipeline-run.ts";
import { atLeast, type BenchContext, type BenchPart, figure, median } from "./section.ts";
import type { Target } from "./section.ts";

const TARGET_PAIR_ledgers_per_s = 150;
const TARGET_TABLES_ledgers_per_s = 40;

const QUICK = { rounds: 1, pair_ledgers: 100, tables_ledgers: 100 } as const;
/** All tables keep the compiler busy for the first thousand ledgers. */
const FULL = { rounds: 2, pair_ledgers: 2_000, tables_ledgers: 5_000 } as const;

interface Form {
  readonly name: string;
  readonly of: "pair" | "tables";
  readonly processors: readonly string[];
  readonly workers: number;
  targets(runs: Runs): readonly Target[];
}

const forms: readonly Form[] = [
  {
    name: "token-transfer and contract-events, 1 worker",
    of: "pair",
    processors: ["token-transfer", "contract-events"],
    workers: 1,
    targets: () => [],
  },
  {
    name: "token-transfer and contract-events, 2 workers",
    of: "pair",
    processors: ["token-transfer", "contract-events"],
    workers: 2,
    targets: ({ name, rates }) => [rateTarget(TARGET_PAIR_ledgers_per_s, name, rates)],
  },
  {
    name: "all tables, 2 workers",
    of: "tables",
    processors: ["hubble"],
    workers: 2,
    targets: ({ name, rates }) => [rateTarget(TARGET_TABLES_ledgers_per_s, name, rates)],
  },
];

export const lakeParquet: BenchPart = {
  name: "lake-parquet",
  title: "Lake to Parquet",
  inQuick: false,
  async measure(context) {
    const { rounds, pair_ledgers, tables_ledgers } = context.quick ? QUICK : FULL;
    const lakeOf = sharedMissing === false ? realLake : generatedLake;
    const lakes = { pair: await lakeOf(pair_ledgers), tables: await lakeOf(tables_ledgers) };
    const all = forms.map((form) => ({ form, runs: runsOf(form.name, lakes[form.of]) }));
    for (let round = 1; round <= rounds; round++) {
      for (const { form, runs } of all) await run(context, lakes[form.of], form, runs);
      const rates = all.map(({ runs }) => `${runs.name} ${figure(runs.rates.at(-1) ?? NaN)}`);
      context.note(`round ${round}, ledgers/s: ${rates.join(", ")}`);
    }
    return {
      method:
        "From a lake on disk to Parquet files with the sink's defaults, all hashes checked, one run " +
        "of the built binary with its start. Middle of the rounds, lowest and highest in brackets.",
      columns: RUN_COLUMNS,
      rows: all.map(({ runs }) => cellsOf(runs)),
      targets: all.flatMap(({ form, runs }) => form.targets(runs)),
      notMeasured: [
        "Object stores, to read from or to write to.",
        "All tables by one worker: that is in the section on memory.",
        "The size that files of a real chain have: ledgers that repeat make columns that repeat.",
      ],
      summary: `lake to Parquet, ledgers/s: ${
        all.map(({ runs }) => `${runs.name} ${figure(median(runs.rates))}`).join(", ")
      }`,
    };
  },
};

function rateTarget(bound: number, what: string, rates: readonly number[]): Target {
  return atLeast(bound, { what, unit: "ledgers/s", seen: median(rates) });
}

async function run(
  context: BenchContext,
  lake: BenchLake,
  { processors, workers }: Form,
  runs: Runs,
): Promise<void> {
  const output = join(context.folder, "out");
  const parts: PipelineParts = {
    options: ["--workers", String(workers)],
    processors: processors.map((type) => ({ id: type, type, inputs: ["lake"] })),
    sinks: [{
      id: "files",
      type: "parquet",
      inputs: processors,
      config: { path: join(output, "{table}") },
    }],
  };
  await runOnce(context, runs, output, parts);
  if (runs.output_bytes === 0) throw new Error(`nothing was written from ${lake.path}`);
}
