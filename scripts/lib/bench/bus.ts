/**
 * What an edge costs: a pipeline over two processes and JetStream on file storage, against a bare
 * publisher and consumer with the same client, message size and window, in turns on one server.
 *
 *   bun scripts/lib/bench/bus.ts [--ledgers 3000] [--rows 100] [--rounds 3] [--raw 100000] [--sync always|2m]
 *
 * Rates are ledgers a second between the first and the last that the consumer takes. Fails below
 * the target.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { busConfigOf } from "../../../src/bus/config.ts";
import { openBus } from "../../../src/bus/connection.ts";
import { cutPipeline } from "../../../src/bus/cut.ts";
import { packBatch } from "../../../src/bus/message.ts";
import { WINDOW_messages } from "../../../src/bus/publisher.ts";
import { startCutRun } from "../../../src/bus/run-cut.ts";
import { ledgerEvent } from "../../../src/events/ledger.ts";
import type { Column } from "../../../src/events/event-type.ts";
import { tokenTransferEvent } from "../../../src/events/token-transfer.ts";
import type { Batch, Value } from "../../../src/flow/batch.ts";
import { defineSink, defineSource } from "../../../src/flow/define.ts";
import { component, pipelineOf, silent } from "../../../tests/support/flow.ts";
import { startNats } from "../../../tests/support/nats.ts";
import { temporaryFolder } from "../../../tests/support/temporary.ts";

const TARGET_share = 0.6;
const BARE = "bare";
const PULL_messages = 128;
const COMPRESS_ABOVE_bytes = busConfigOf({ config: {}, file: "" }).compress_above;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ledgers: { type: "string", default: "3000" },
    rows: { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
    sync: { type: "string", default: "always" },
    /** Raw ledgers of this many bytes instead of rows: what a source's edge carries. */
    raw: { type: "string", default: "0" },
  },
});
const LEDGERS = Number(values.ledgers);
const ROWS = Number(values.rows);
const RAW_bytes = Number(values.raw);
const SELF = fileURLToPath(import.meta.url);

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

function valueOf({ type, nullable }: Column, seed: string): Value {
  if (type === "int64" || type === "uint64") return BigInt(parseInt(hash(seed).slice(0, 10), 16));
  if (type === "int32") return parseInt(hash(seed).slice(0, 4), 16);
  if (type === "timestamp") return new Date(1_700_000_000_000);
  if (type === "decimal") return `${parseInt(hash(seed).slice(0, 8), 16)}.0000001`;
  if (type === "boolean") return true;
  if (type === "string") return hash(seed).slice(0, 56);
  return nullable ? null : {};
}

function ledger(sequence: number): Batch {
  const rows = Array.from({ length: ROWS }, (_, row) =>
    Object.fromEntries(
      tokenTransferEvent.columns.map((column) => [
        column.name,
        valueOf(column, `${sequence} ${row} ${column.name}`),
      ]),
    ));
  const groups = [{ type: tokenTransferEvent, rows }];
  const closedAt = new Date(1_700_000_000_000);
  return { source: "ready", sequence, network: "bench", closedAt, groups, bytes: ROWS * 800 };
}

/** Bytes that compress about as ledgers do: half of them random. */
function rawLedger(sequence: number): Batch {
  const closed_at = new Date(1_700_000_000_000);
  const xdr = new Uint8Array(RAW_bytes);
  crypto.getRandomValues(xdr.subarray(0, Math.min(65_536, RAW_bytes / 2)));
  const row = {
    event_id: `bench-${sequence}`,
    sequence: BigInt(sequence),
    ledger_close_meta_xdr: xdr,
    network: "bench",
    closed_at,
  };
  const groups = [{ type: ledgerEvent, rows: [row] }];
  return {
    source: "ready",
    sequence,
    network: "bench",
    closedAt: closed_at,
    groups,
    bytes: RAW_bytes,
  };
}

/** Only who publishes needs them. */
const samples = (): readonly Batch[] =>
  Array.from(
    { length: 20 },
    (_, index) => RAW_bytes > 0 ? rawLedger(index + 1) : ledger(index + 1),
  );

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

async function runPart(url: string, folder: string, role: string): Promise<void> {
  const clock = clocked();
  const source = defineSource({
    name: "ready",
    create: () => ({
      bounds: () => Promise.resolve({ from: 1, to: LEDGERS }),
      async *read({ from = 1 }) {
        const ready = samples();
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
  const bus = await openBus({ servers: url, name: role }, silent);
  await bus.connected(5_000);
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
  await bus.close();
  if (summary.outcome !== "completed") throw summary.error ?? new Error(summary.outcome);
}

async function publishBare(url: string, stream: string): Promise<void> {
  const connection = await connect({ servers: url });
  const js = jetstream(connection);
  const payloads = await Promise.all(
    samples().map(async (batch) =>
      (await packBatch(batch, 1, { epoch: 1, compress_above: COMPRESS_ABOVE_bytes })).payload
    ),
  );
  const window = new Set<Promise<unknown>>();
  for (let sequence = 1; sequence <= LEDGERS; sequence += 1) {
    const sent = js.publish(`${stream}.x`, payloads[sequence % payloads.length]!, {
      msgID: String(sequence),
    }).finally(() => window.delete(sent));
    window.add(sent);
    if (window.size >= WINDOW_messages) await Promise.race(window);
  }
  await Promise.all(window);
  await connection.close();
}

async function consumeBare(url: string, stream: string): Promise<void> {
  const connection = await connect({ servers: url });
  const clock = clocked();
  const consumer = await jetstream(connection).consumers.get(stream, "bare");
  let taken = 0;
  for await (const message of await consumer.consume({ max_messages: PULL_messages })) {
    clock.took();
    message.ack();
    taken += 1;
    if (taken === LEDGERS) break;
  }
  await connection.close();
}

async function pair(...roles: readonly (readonly string[])[]): Promise<number> {
  const children = roles.map((role) => {
    const flags = ["--ledgers", values.ledgers, "--rows", values.rows, "--raw", values.raw];
    const child = spawn(process.execPath, [SELF, ...role, ...flags], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
    return new Promise<string>((resolve, reject) =>
      child.once("close", (status) => {
        if (status === 0) resolve(text);
        else reject(new Error(`${role[0]} ended with ${status}`));
      })
    );
  });
  const said = (await Promise.all(children)).join("");
  return Number(/rate ([\d.]+)/.exec(said)?.[1] ?? NaN);
}

async function main(): Promise<void> {
  using folder = temporaryFolder();
  await using server = await startNats({ folder: folder.path, sync: values.sync });
  const size =
    (await packBatch(samples()[0]!, 1, { epoch: 1, compress_above: COMPRESS_ABOVE_bytes })).payload
      .length;
  console.log(
    `${LEDGERS} ledgers of ${ROWS} rows, ${size} bytes each; sync_interval ${values.sync}`,
  );
  const shares: number[] = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const connection = await connect({ servers: server.url });
    const jsm = await jetstreamManager(connection);
    const stream = `${BARE}${round}`;
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`] });
    await jsm.consumers.add(stream, { durable_name: "bare", ack_policy: AckPolicy.Explicit });
    await connection.close();
    const bare = await pair(["publish", server.url, stream], ["consume", server.url, stream]);
    const site = join(folder.path, `round-${round}`);
    const edge = await pair(["producer", server.url, site], ["consumer", server.url, site]);
    shares.push(edge / bare);
    console.log(
      `  round ${round}: bare ${bare.toFixed(0)}/s, edge ${edge.toFixed(0)}/s, ` +
        `${(100 * edge / bare).toFixed(0)} %`,
    );
  }
  const median = shares.toSorted((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 0;
  console.log(`an edge reaches ${(100 * median).toFixed(0)} % of bare JetStream (target 60 %)`);
  if (median < TARGET_share) process.exitCode = 1;
}

const [role, url = "", where = ""] = positionals;
if (role === undefined) await main();
else if (role === "publish") await publishBare(url, where);
else if (role === "consume") await consumeBare(url, where);
else await runPart(url, where, role);
