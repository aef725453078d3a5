/** Ledgers for the benchmark of edges: those of the sandbox, made before anything is measured. */

import { busConfigOf } from "../../../src/bus/config.ts";
import { packBatch } from "../../../src/bus/message.ts";
import type { Outgoing } from "../../../src/bus/message.ts";
import type { Batch } from "../../../src/flow/batch.ts";
import { defineSink } from "../../../src/flow/define.ts";
import { run } from "../../../src/library/run.ts";

const SAMPLES_ledgers = 40;
/** The sandbox begins with few holders: what comes first is not typical. */
const SKIPPED_ledgers = 20;
const TRANSACTIONS = 50;
const COMPRESS_ABOVE_bytes = busConfigOf({ config: {}, file: "" }).compress_above;

/** `rows`: token transfers, which a processor's edge carries; `raw`: the ledgers themselves. */
export type SampleKind = "rows" | "raw";

export async function makeSamples(kind: SampleKind): Promise<readonly Batch[]> {
  const made: Batch[] = [];
  const keep = defineSink({
    name: "keep",
    create: () => ({
      open: () => Promise.resolve(new Map<string, number>()),
      write: (batch) => void made.push({ ...batch, source: "ready" }),
      commit: () => Promise.resolve(new Map<string, number>()),
      close: () => Promise.resolve(),
    }),
  });
  const config = { ledgers: SKIPPED_ledgers + SAMPLES_ledgers, transactions: TRANSACTIONS };
  await run({
    name: "samples",
    sources: [{ id: "net", type: "sandbox", config }],
    processors: kind === "raw" ? [] : [{ id: "rows", type: "token-transfer", inputs: ["net"] }],
    sinks: [{ id: "keep", type: keep, inputs: [kind === "raw" ? "net" : "rows"] }],
  }, { persistent: false });
  return made.slice(SKIPPED_ledgers);
}

/** As the edge sends it. */
export const pack = (batch: Batch): Promise<Outgoing> =>
  packBatch(batch, 1, { epoch: 1, compress_above: COMPRESS_ABOVE_bytes });
