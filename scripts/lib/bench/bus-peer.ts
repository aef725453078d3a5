/**
 * One end of an edge, or of bare JetStream, as a process of its own:
 *
 *     bun scripts/lib/bench/bus-peer.ts ROLE URL STREAM-OR-FOLDER LEDGERS rows|raw
 *
 * Says `cpu` and its processor time for a ledger, microseconds, without its start; who takes
 * ledgers also says `rate`, ledgers a second between the first and the last.
 */

import { join } from "node:path";
import process from "node:process";
import { openBus } from "../../../src/bus/connection.ts";
import type { Bus, Nats } from "../../../src/bus/connection.ts";
import { cutPipeline } from "../../../src/bus/cut.ts";
import { WINDOW_messages } from "../../../src/bus/publisher.ts";
import { startCutRun } from "../../../src/bus/run-cut.ts";
import { defineSink, defineSource } from "../../../src/flow/define.ts";
import { component, pipelineOf, silent } from "../../../tests/support/flow.ts";
import { makeSamples, pack } from "./bus-samples.ts";

const PULL_messages = 128;

const [role = "", url = "", where = "", count = "", form] = process.argv.slice(2);
const LEDGERS = Number(count);
const kind = form === "raw" ? "raw" : "rows";

function clocked(): { took(): void } {
  let taken = 0;
  let first = 0;
  return {
    took() {
      taken += 1;
      if (taken === 1) first = performance.now();
      if (taken === LEDGERS) {
        console.log(`rate ${(LEDGERS - 1) / ((performance.now() - first) / 1000)}`);
      }
    },
  };
}

/** Call it when the work is done. */
function meterCpu(): () => void {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    console.log(`cpu ${(user + system) / LEDGERS}`);
  };
}

async function connected(): Promise<{ bus: Bus; nats: Nats }> {
  const bus = await openBus({ servers: url, name: role }, silent);
  const nats = await bus.connected(5_000);
  if (nats === undefined) throw new Error("no nats-server");
  return { bus, nats };
}

async function publishBare(stream: string): Promise<void> {
  const packed = await Promise.all((await makeSamples(kind)).map(pack));
  const { bus, nats } = await connected();
  const report = meterCpu();
  const window = new Set<Promise<unknown>>();
  for (let sequence = 1; sequence <= LEDGERS; sequence += 1) {
    const { payload } = packed[sequence % packed.length]!;
    const options = { msgID: String(sequence) };
    const sent = nats.js.publish(`${stream}.x`, payload, options)
      .finally(() => window.delete(sent));
    window.add(sent);
    if (window.size >= WINDOW_messages) await Promise.race(window);
  }
  await Promise.all(window);
  report();
  await bus.close();
}

async function consumeBare(stream: string): Promise<void> {
  const { bus, nats } = await connected();
  const clock = clocked();
  const report = meterCpu();
  const consumer = await nats.js.consumers.get(stream, "bare");
  let taken = 0;
  for await (const message of await consumer.consume({ max_messages: PULL_messages })) {
    clock.took();
    message.ack();
    taken += 1;
    if (taken === LEDGERS) break;
  }
  report();
  await bus.close();
}

/** One agent's part of a pipeline of two components. */
async function runPart(folder: string): Promise<void> {
  const clock = clocked();
  const ready = role === "producer" ? await makeSamples(kind) : [];
  const source = defineSource({
    name: "ready",
    create: () => ({
      bounds: () => Promise.resolve({ from: 1, to: LEDGERS }),
      async *read({ from = 1 }) {
        for (let sequence = from; sequence <= LEDGERS; sequence += 1) {
          yield { ...ready[sequence % ready.length]!, sequence };
        }
      },
      close: () => Promise.resolve(),
    }),
  });
  const sink = defineSink({
    name: "forget",
    create() {
      const positions = new Map<string, number>();
      return {
        open: () => Promise.resolve(positions),
        write(batch) {
          positions.set(batch.source, batch.sequence);
          clock.took();
        },
        commit: () => Promise.resolve(positions),
        close: () => Promise.resolve(),
      };
    },
  });
  const pipeline = pipelineOf([
    component("source", "ready"),
    component("sink", "forget", ["ready"]),
  ], `bench-${folder.split("-").at(-1) ?? ""}`);
  const { bus } = await connected();
  const report = meterCpu();
  const components = [role === "producer" ? "ready" : "forget"];
  const cut = cutPipeline({ pipeline, components, bus, epoch: 1, spoolDir: join(folder, "spool") });
  const run = startCutRun({
    cut,
    catalogue: [source, sink],
    stateDir: join(folder, role),
    persistent: true,
    log: silent,
    env: {},
  });
  const summary = await run.done;
  report();
  await bus.close();
  if (summary.outcome !== "completed") throw summary.error ?? new Error(summary.outcome);
}

if (role === "publish") await publishBare(where);
else if (role === "consume") await consumeBare(where);
else await runPart(where);
