/** The parts of the benchmark, in the order of their sections. A new part is a file and a line. */

import { bus } from "./bus.ts";
import { control } from "./control.ts";
import { fleetBackfill } from "./fleet-backfill.ts";
import { fleet } from "./fleet.ts";
import { head } from "./head.ts";
import { lakeJsonl } from "./lake-jsonl.ts";
import { lakeParquet } from "./lake-parquet.ts";
import { memory } from "./memory.ts";
import type { BenchPart } from "./section.ts";
import { xdrWalk } from "./xdr-walk.ts";

export const parts: readonly BenchPart[] = [
  xdrWalk,
  lakeJsonl,
  lakeParquet,
  memory,
  head,
  control,
  bus,
  fleet,
  fleetBackfill,
];
