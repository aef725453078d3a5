/**
 * A program of a user, run by `library-example.test.ts` under each runtime: it counts down, keeps
 * the even numbers, and adds them up, with a component of its own in each role.
 */

import {
  defineEventType,
  defineProcessor,
  defineSink,
  defineSource,
  FlowctlError,
  run,
} from "../mod.ts";

const countdown = defineEventType({
  name: "example.countdown.v1",
  aliases: [],
  table: "countdowns",
  doc: "One step of a countdown.",
  id: "event_id",
  columns: [
    { name: "event_id", type: "string", nullable: false, doc: "Step." },
    { name: "left", type: "int64", nullable: false, doc: "Steps that are left." },
  ],
});

const counter = defineSource<{ readonly steps: number }>({
  name: "counter",
  emits: [countdown.name],
  create: ({ steps }, { spec }) => ({
    bounds: () => Promise.resolve({ from: 1, to: steps }),
    async *read({ from = 1, to = steps }) {
      for (let sequence = from; sequence <= to; sequence += 1) {
        yield {
          source: spec.id,
          sequence,
          network: "",
          closedAt: new Date(sequence * 1000),
          groups: [{
            type: countdown,
            rows: [{ event_id: `step-${sequence}`, left: BigInt(steps - sequence) }],
          }],
          bytes: 64,
        };
      }
    },
    close: () => Promise.resolve(),
  }),
});

const even = defineProcessor({
  name: "even",
  create: () => ({
    process: (batch) => ({
      ...batch,
      groups: batch.groups.map(({ type, rows }) => ({
        type,
        rows: rows.filter((row) => BigInt(String(row["left"])) % 2n === 0n),
      })),
    }),
  }),
});

let sum = 0n;
const adder = defineSink({
  name: "adder",
  create() {
    const positions = new Map<string, number>();
    return {
      open: () => Promise.resolve(positions),
      write(batch) {
        for (const { rows } of batch.groups) {
          for (const row of rows) sum += BigInt(String(row["left"]));
        }
        positions.set(batch.source, batch.sequence);
      },
      commit: () => Promise.resolve(positions),
      close: () => Promise.resolve(),
    };
  },
});

const summary = await run(
  {
    name: "countdown",
    sources: [{ id: "steps", type: counter, config: { steps: 1000 } }],
    processors: [{ id: "even", type: even, inputs: ["steps"] }],
    sinks: [{ id: "sum", type: adder, inputs: ["even"] }],
  },
  { persistent: false },
);
console.log(`${summary.outcome}: ${sum}`);

try {
  await run({
    name: "wrong",
    sources: [{ id: "steps", type: counter, config: { steps: 1 } }],
    sinks: [{ id: "sum", type: adder, inputs: ["stepps"] }],
  }, { persistent: false });
} catch (error) {
  if (error instanceof FlowctlError) console.log(`${error.code}: ${error.message}`);
}
