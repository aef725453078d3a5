/**
 * What an edge costs: a pipeline over two processes and JetStream on file storage, against a bare
 * publisher and consumer with the same client, connection, window and payloads (those that the
 * pipeline sends, byte for byte), in turns on one server.
 *
 *   bun scripts/lib/bench/bus.ts [--ledgers 3000] [--transactions 50] [--raw] [--rounds 3] [--sync always|2m]
 *
 * The ledgers are those of the sandbox, made beforehand: token transfers, or with --raw the ledgers
 * themselves. Rates are ledgers a second between the first and the last that the consumer takes.
 * The sink takes rows and forgets them; they are decoded all the same. CPU times are of the whole
 * process, its start left out. Prints JSON last; fails below the target.
 */

import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AckPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { busConfigOf } from "../../../src/bus/config.ts";
import { openBus } from "../../../src/bus/connection.ts";
import type { Bus, Nats } from "../../../src/bus/connection.ts";
import { cutPipeline } from "../../../src/bus/cut.ts";
import { packBatch } from "../../../src/bus/message.ts";
import type { Outgoing } from "../../../src/bus/message.ts";
import { WINDOW_messages } from "../../../src/bus/publisher.ts";
import { startCutRun } from "../../../src/bus/run-cut.ts";
import { countRows } from "../../../src/flow/batch.ts";
import type { Batch } from "../../../src/flow/batch.ts";
import { defineSink, defineSource } from "../../../src/flow/define.ts";
import { run as runPipeline } from "../../../src/library/run.ts";
import { component, pipelineOf, silent } from "../../../tests/support/flow.ts";
import { startNats } from "../../../tests/support/nats.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";

const TARGET_share = 0.6;
const BARE = "bare";
const PULL_messages = 128;
const SAMPLES_ledgers = 40;
/** The sandbox begins with few holders: what comes first is not typical. */
const SKIPPED_ledgers = 20;
const COMPRESS_ABOVE_bytes = busConfigOf({ config: {}, file: "" }).compress_above;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ledgers: { type: "string", default: "3000" },
    transactions: { type: "string", default: "50" },
    rounds: { type: "string", default: "3" },
    sync: { type: "string", default: "always" },
    /** The ledgers themselves instead of rows: what a source's edge carries. */
    raw: { type: "boolean", default: false },
  },
});
const LEDGERS = Number(values.ledgers);
const SELF = fileURLToPath(import.meta.url);

/** Only who publishes needs them. */
async function makeSamples(): Promise<readonly Batch[]> {
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
  const ledgers = SKIPPED_ledgers + SAMPLES_ledgers;
  const config = { ledgers, transactions: Number(values.transactions) };
  await runPipeline({
    name: "samples",
    sources: [{ id: "net", type: "sandbox", config }],
    processors: values.raw ? [] : [{ id: "rows", type: "token-transfer", inputs: ["net"] }],
    sinks: [{ id: "keep", type: keep, inputs: [values.raw ? "net" : "rows"] }],
  }, { persistent: false });
  return made.slice(SKIPPED_ledgers);
}

const pack = (batch: Batch): Promise<Outgoing> =>
  packBatch(batch, 1, { epoch: 1, compress_above: COMPRESS_ABOVE_bytes });

/** When the first and the last came; printed by the consumer's process. */
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

/** What the process has used since it was ready, printed for whoever started it. */
function meterCpu(): () => void {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    console.log(`cpu ${(user + system) / LEDGERS}`);
  };
}

async function connected(url: string, name: string): Promise<{ bus: Bus; nats: Nats }> {
  const bus = await openBus({ servers: url, name }, silent);
  const nats = await bus.connected(5_000);
  if (nats === undefined) throw new Error("no nats-server");
  return { bus, nats };
}

async function runPart(url: string, folder: string, role: string): Promise<void> {
  const clock = clocked();
  const ready = role === "producer" ? await makeSamples() : [];
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
  const { bus } = await connected(url, role);
  const report = meterCpu();
  const cut = cutPipeline({
    pipeline,
    components: [role === "producer" ? "ready" : "forget"],
    bus,
    epoch: 1,
    spoolDir: join(folder, "spool"),
  });
  const stateDir = join(folder, role);
  const catalogue = [source, sink];
  const run = startCutRun({ cut, catalogue, stateDir, persistent: true, log: silent, env: {} });
  const summary = await run.done;
  report();
  await bus.close();
  if (summary.outcome !== "completed") throw summary.error ?? new Error(summary.outcome);
}

async function publishBare(url: string, stream: string): Promise<void> {
  const payloads = (await Promise.all((await makeSamples()).map(pack))).map((one) => one.payload);
  const { bus, nats } = await connected(url, "bare-publisher");
  const report = meterCpu();
  const window = new Set<Promise<unknown>>();
  for (let sequence = 1; sequence <= LEDGERS; sequence += 1) {
    const sent = nats.js.publish(`${stream}.x`, payloads[sequence % payloads.length]!, {
      msgID: String(sequence),
    }).finally(() => window.delete(sent));
    window.add(sent);
    if (window.size >= WINDOW_messages) await Promise.race(window);
  }
  await Promise.all(window);
  report();
  await bus.close();
}

async function consumeBare(url: string, stream: string): Promise<void> {
  const { bus, nats } = await connected(url, "bare-consumer");
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

interface Rate {
  readonly ledgers_s: number;
  /** CPU per ledger of who sends and who receives. */
  readonly sender_us: number;
  readonly receiver_us: number;
}

async function pair(...roles: readonly (readonly string[])[]): Promise<Rate> {
  const flags = ["--ledgers", values.ledgers, "--transactions", values.transactions];
  if (values.raw) flags.push("--raw");
  const said = await Promise.all(roles.map((role) => output([SELF, ...role, ...flags])));
  const found = (text: string | undefined, what: string) =>
    Number(new RegExp(`${what} ([\\d.]+)`).exec(text ?? "")?.[1] ?? NaN);
  return {
    ledgers_s: found(said.join(""), "rate"),
    sender_us: found(said[0], "cpu"),
    receiver_us: found(said[1], "cpu"),
  };
}

async function output(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error(`${args[1]} ended with ${status}`);
  return text;
}

async function makeBareStream(url: string, stream: string): Promise<void> {
  const connection = await connect({ servers: url });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.add({ name: stream, subjects: [`${stream}.>`] });
  await jsm.consumers.add(stream, { durable_name: "bare", ack_policy: AckPolicy.Explicit });
  await connection.close();
}

const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

async function main(): Promise<void> {
  using folder = temporaryFolder();
  await using server = await startNats({ folder: folder.path, sync: values.sync });
  const samples = await makeSamples();
  const rows = middle(samples.map(countRows));
  const size = middle((await Promise.all(samples.map(pack))).map((one) => one.payload.byteLength));
  const what = values.raw ? "raw ledgers" : `ledgers of ${rows} token transfers`;
  console.log(`${LEDGERS} ${what}, ${size} bytes each; sync_interval ${values.sync}`);
  const bares: Rate[] = [];
  const edges: Rate[] = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const stream = `${BARE}${round}`;
    await makeBareStream(server.url, stream);
    const bare = await pair(["publish", server.url, stream], ["consume", server.url, stream]);
    const site = join(folder.path, `round-${round}`);
    const edge = await pair(["producer", server.url, site], ["consumer", server.url, site]);
    bares.push(bare);
    edges.push(edge);
    console.log(
      `  round ${round}: bare ${told(bare)}, edge ${told(edge)}: ` +
        `${(100 * edge.ledgers_s / bare.ledgers_s).toFixed(0)} %`,
    );
  }
  const share = middle(edges.map((edge, index) => edge.ledgers_s / bares[index]!.ledgers_s));
  console.log(`an edge reaches ${(100 * share).toFixed(0)} % of bare JetStream (target 60 %)`);
  const rate = (rates: readonly Rate[], key: keyof Rate) => middle(rates.map((each) => each[key]));
  console.log(JSON.stringify({
    what,
    bytes: size,
    sync: values.sync,
    bare_ledgers_s: rate(bares, "ledgers_s"),
    edge_ledgers_s: rate(edges, "ledgers_s"),
    bare_us: rate(bares, "sender_us") + rate(bares, "receiver_us"),
    edge_us: rate(edges, "sender_us") + rate(edges, "receiver_us"),
    share,
  }));
  if (!(share >= TARGET_share)) process.exitCode = 1;
}

function told({ ledgers_s, sender_us, receiver_us }: Rate): string {
  return `${ledgers_s.toFixed(0)}/s (CPU ${sender_us.toFixed(0)} + ${receiver_us.toFixed(0)} µs)`;
}

const [role, url = "", where = ""] = positionals;
if (role === undefined) await main();
else if (role === "publish") await publishBare(url, where);
else if (role === "consume") await consumeBare(url, where);
else await runPart(url, where, role);
