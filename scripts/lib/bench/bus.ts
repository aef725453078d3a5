/**
 * What an edge costs: a pipeline over two processes and JetStream on file storage, beside a bare
 * publisher and consumer with the same client, connection, window and payloads, in turns.
 */

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { AckPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { decodeBatch, encodeBatch } from "../../../src/bus/codec/ledger-codec.ts";
import { countRows } from "../../../src/flow/batch.ts";
import type { Batch } from "../../../src/flow/batch.ts";
import { natsMissing, startNats } from "../../../tests/support/nats.ts";
import { makeSamples, pack } from "./bus-samples.ts";
import type { SampleKind } from "./bus-samples.ts";
import { atLeast, figure, median, spread } from "./section.ts";
import type { BenchContext, BenchPart, Section } from "./section.ts";

const TARGET_percent = 60;
const PEER = fileURLToPath(new URL("./bus-peer.ts", import.meta.url));
const CODEC_ROUNDS = 3_000;

interface Setting {
  readonly kind: SampleKind;
  /** nats-server's `sync_interval`: `always`, as in `configs/nats`, or its own default. */
  readonly sync: "always" | "2m";
  readonly ledgers: number;
}

/** The target is for the first. */
const FULL: readonly Setting[] = [
  { kind: "rows", sync: "always", ledgers: 8_000 },
  { kind: "rows", sync: "2m", ledgers: 8_000 },
  { kind: "raw", sync: "always", ledgers: 4_000 },
];
const QUICK: readonly Setting[] = [{ kind: "rows", sync: "always", ledgers: 3_000 }];
const ROUNDS = { full: 5, quick: 2 } as const;

/** One round of one pair. */
interface Rate {
  readonly ledgers_per_s: number;
  /** Processor time for a ledger of who sends and who takes. */
  readonly sender_us: number;
  readonly taker_us: number;
}

interface Compared {
  readonly setting: Setting;
  readonly what: string;
  readonly bytes: number;
  readonly bare: readonly Rate[];
  readonly edge: readonly Rate[];
  /** Of each round, percent. */
  readonly shares: readonly number[];
  /** Of the rows alone, out and in, microseconds a ledger. */
  readonly codec_us: readonly [encode: number, decode: number];
}

export const bus: BenchPart = {
  name: "bus",
  title: "Edges over JetStream",
  inQuick: false,
  async measure(context) {
    if (natsMissing !== false) return { skipped: natsMissing };
    const all: Compared[] = [];
    for (const setting of context.quick ? QUICK : FULL) all.push(await compare(context, setting));
    return sectionOf(all);
  },
};

async function compare(context: BenchContext, setting: Setting): Promise<Compared> {
  const samples = await makeSamples(setting.kind);
  const sizes = (await Promise.all(samples.map(pack))).map(({ payload }) => payload.byteLength);
  const rows = figure(median(samples.map(countRows)));
  const what = setting.kind === "raw" ? "raw ledgers" : `${rows} token transfers`;
  const folder = join(context.folder, `${setting.kind}-${setting.sync}`);
  mkdirSync(folder);
  await using server = await startNats({ folder, sync: setting.sync });
  const bare: Rate[] = [];
  const edge: Rate[] = [];
  for (let round = 1; round <= ROUNDS[context.quick ? "quick" : "full"]; round += 1) {
    const stream = `bare${round}`;
    await makeBareStream(server.url, stream);
    bare.push(await pair(setting, server.url, stream, ["publish", "consume"]));
    const site = join(folder, `round-${round}`);
    edge.push(await pair(setting, server.url, site, ["producer", "consumer"]));
    const [ours, theirs] = [edge.at(-1)?.ledgers_per_s ?? NaN, bare.at(-1)?.ledgers_per_s ?? NaN];
    context.note(
      `${what}, sync ${setting.sync}, round ${round}: bare ${figure(theirs)}/s, ` +
        `edge ${figure(ours)}/s, ${figure(100 * ours / theirs)} %`,
    );
  }
  const shares = edge.map((each, round) => 100 * each.ledgers_per_s / bare[round]!.ledgers_per_s);
  const bytes = median(sizes);
  return { setting, what, bytes, bare, edge, shares, codec_us: codecCost(samples) };
}

/** In this process, alone: what there is to gain. */
function codecCost(samples: readonly Batch[]): readonly [encode: number, decode: number] {
  const bytes = samples.map((batch) => encodeBatch(batch, 1));
  const cost = (work: (index: number) => unknown) => {
    for (let round = 0; round < CODEC_ROUNDS; round += 1) work(round % samples.length);
    const before = process.cpuUsage();
    for (let round = 0; round < CODEC_ROUNDS; round += 1) work(round % samples.length);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / CODEC_ROUNDS;
  };
  return [
    cost((index) => encodeBatch(samples[index]!, 1)),
    cost((index) => decodeBatch(bytes[index]!)),
  ];
}

async function makeBareStream(url: string, stream: string): Promise<void> {
  const connection = await connect({ servers: url });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.add({ name: stream, subjects: [`${stream}.>`] });
  await jsm.consumers.add(stream, { durable_name: "bare", ack_policy: AckPolicy.Explicit });
  await connection.close();
}

async function pair(
  { kind, ledgers }: Setting,
  url: string,
  where: string,
  roles: readonly [sender: string, taker: string],
): Promise<Rate> {
  const [sender, taker] = await Promise.all(
    roles.map((role) => output([PEER, role, url, where, String(ledgers), kind])),
  );
  const said = (text: string | undefined, what: string) =>
    Number(new RegExp(`${what} ([\\d.]+)`).exec(text ?? "")?.[1] ?? NaN);
  return {
    ledgers_per_s: said(taker, "rate"),
    sender_us: said(sender, "cpu"),
    taker_us: said(taker, "cpu"),
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

function sectionOf(all: readonly Compared[]): Section {
  const [first] = all;
  const seen = median(first?.shares ?? []);
  return {
    method:
      "A pipeline of a source and a sink in two processes, its edge a stream on file storage, and in " +
      "turns with it a bare publisher and consumer in two processes: the same client and connection, " +
      "256 publishes on their way, explicit acknowledgements, and the payloads that the edge sends. " +
      "The ledgers are made beforehand; the sink forgets its rows, decoded all the same. `always`: " +
      "nats-server syncs before it acknowledges, as `configs/nats` has it; `2m`: its own default. " +
      "Processor time is that of the whole process after its start. Middle of the rounds, lowest and " +
      "highest in brackets.",
    columns: [
      "a ledger is",
      "bytes",
      "sync",
      "bare, ledgers/s",
      "edge, ledgers/s",
      "edge, % of bare",
      "bare, CPU µs (out + in)",
      "edge, CPU µs (out + in)",
      "of it, rows alone",
    ],
    rows: all.map(({ setting, what, bytes, bare, edge, shares, codec_us }) => [
      what,
      figure(bytes),
      setting.sync,
      spread(bare.map(({ ledgers_per_s }) => ledgers_per_s)),
      spread(edge.map(({ ledgers_per_s }) => ledgers_per_s)),
      spread(shares),
      cpu(bare),
      cpu(edge),
      codec_us.map(figure).join(" + "),
    ]),
    targets: [
      atLeast(TARGET_percent, {
        what: `an edge of ${first?.what}, synced always`,
        unit: "% of bare JetStream",
        seen,
      }),
    ],
    notMeasured: [
      "Links between machines: all connections are on loopback.",
      "Headers: an edge's messages carry about 200 bytes of them more than the bare ones.",
    ],
    summary: `an edge over JetStream: ${figure(seen)} % of bare (${first?.what}, ${
      figure(first?.bytes ?? NaN)
    } bytes)`,
  };
}

function cpu(rates: readonly Rate[]): string {
  const out = median(rates.map(({ sender_us }) => sender_us));
  return `${figure(out)} + ${figure(median(rates.map(({ taker_us }) => taker_us)))}`;
}
