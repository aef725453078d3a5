/**
 * What the runner itself costs per batch and node: batches that are ready and components that do
 * nothing, so that all the time is the runner's. Prints a line per graph; fails above the budget.
 */

import { ledgerEvent } from "../../../src/events/ledger.ts";
import { defineProcessor, defineSink, defineSource } from "../../../src/flow/define.ts";
import { run } from "../../../src/library/run.ts";

const LEDGERS = 50_000;
const BUDGET_us = 50;

const source = defineSource({
  name: "ready",
  create(_config, { spec }) {
    const closedAt = new Date(0);
    const row = {
      event_id: "1",
      sequence: 1n,
      ledger_close_meta_xdr: new Uint8Array(0),
      network: "",
      closed_at: closedAt,
    };
    const groups = [{ type: ledgerEvent, rows: [row] }];
    const common = { source: spec.id, network: "", closedAt, groups, bytes: 1000 };
    return {
      bounds: () => Promise.resolve({ from: 1, to: LEDGERS }),
      async *read({ from = 1, to = LEDGERS }) {
        for (let sequence = from; sequence <= to; sequence += 1) yield { ...common, sequence };
      },
      close: () => Promise.resolve(),
    };
  },
});

const pass = defineProcessor({ name: "pass", create: () => ({ process: (batch) => batch }) });

const forget = defineSink({
  name: "forget",
  create() {
    const positions = new Map<string, number>();
    return {
      open: () => Promise.resolve(positions),
      write: (batch) => void positions.set(batch.source, batch.sequence),
      commit: () => Promise.resolve(positions),
      close: () => Promise.resolve(),
    };
  },
});

type Edges = readonly (readonly [id: string, inputs: readonly string[]])[];

/** Prints the cost and returns it. */
async function measure(name: string, processors: Edges, sinks: Edges): Promise<number> {
  const began = performance.now();
  await run({
    name: "overhead",
    sources: [{ id: "ready", type: source }],
    processors: processors.map(([id, inputs]) => ({ id, type: pass, inputs })),
    sinks: sinks.map(([id, inputs]) => ({ id, type: forget, inputs })),
  }, { persistent: false });
  const elapsed_ms = performance.now() - began;
  const nodes = 1 + processors.length + sinks.length;
  const cost_us = elapsed_ms * 1000 / LEDGERS / nodes;
  const rate = Math.round(LEDGERS / elapsed_ms * 1000).toString().padStart(7);
  console.log(
    `${name.padEnd(24)} ${rate} ledgers/s   ${cost_us.toFixed(1)} µs per batch and node`,
  );
  return cost_us;
}

const chain: Edges = Array.from({ length: 6 }, (_, index) => [
  `p${index}`,
  [index === 0 ? "ready" : `p${index - 1}`],
]);
const beside = (ids: readonly string[], inputs: readonly string[]): Edges =>
  ids.map((id) => [id, inputs]);

const costs_us = [
  await measure("source to sink", [], beside(["k"], ["ready"])),
  await measure("chain of 6 processors", chain, beside(["k"], ["p5"])),
  await measure(
    "fan-out to 4 sinks",
    beside(["p"], ["ready"]),
    beside(["k0", "k1", "k2", "k3"], ["p"]),
  ),
  await measure(
    "diamond of 3 processors",
    beside(["a", "b", "c"], ["ready"]),
    beside(["k"], ["a", "b", "c"]),
  ),
];
const worst_us = Math.max(...costs_us);
console.log(`worst ${worst_us.toFixed(1)} µs, budget ${BUDGET_us} µs`);
if (worst_us > BUDGET_us) throw new Error("the runner costs more than its budget");
