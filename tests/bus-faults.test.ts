/** What goes wrong between agents, and the rows that are the same all the same. */

import assert from "node:assert/strict";
import test from "node:test";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DiscardPolicy, jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { connect, headers as createHeaders } from "@nats-io/transport-node";
import { streamName, subjectOf } from "../src/bus/names.ts";
import { surveySpools } from "../src/bus/spool/survey.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import {
  type Agent,
  busTest,
  chain,
  chainOf,
  completed,
  expected,
  fleet,
  LEDGERS,
} from "./support/bus.ts";
import { createDisk, type Disk, pipelineOf } from "./support/flow.ts";
import type { NatsServer } from "./support/nats.ts";

const stream = streamName({ namespace: "default", name: "test", producer: "tag" });
const simple = chain.filter(({ id }) => id !== "sum")
  .map((spec) => spec.id === "out" ? { ...spec, inputs: ["tag"] } : spec);
const paced = (pace_ms: number) => ({ before: () => sleep(pace_ms) });
const make = (disk: Disk) => chainOf(disk, paced(4));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + 20_000;
  while (!(await holds())) {
    assert.ok(performance.now() < limit, `in vain: ${what}`);
    await sleep(20);
  }
}

const readBy = ({ run }: Agent): number => run.stats().sources[0]?.last_sequence ?? 0;

const rows = (disk: Disk): number => disk.content.get("ledgers")?.length ?? 0;

async function manager(server: NatsServer) {
  const connection = await connect({ servers: server.url });
  return { jsm: await jetstreamManager(connection), close: () => connection.close() };
}

async function holdsMessages(jsm: JetStreamManager, more: number): Promise<boolean> {
  const info = await jsm.streams.info(stream).catch(() => undefined);
  return (info?.state.messages ?? 0) > more;
}

const want = () => expected(simple, chainOf);

busTest("nats-server is killed and comes back", async (server, folder) => {
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  const both = [
    await agents.agent("one", ["ledgers", "tag"]),
    await agents.agent("two", ["out"]),
  ];
  for (const at of [20, 120]) {
    await until("rows", () => rows(disk) > at);
    await server.kill();
    await sleep(100);
    await server.start();
  }
  await completed(...both);
  assert.deepEqual(disk.content, await want());
});

busTest("NATS is away from the start until the source has ended", async (server, folder) => {
  const disk = createDisk();
  await server.kill();
  await using agents = fleet(server, folder, pipelineOf(simple), chainOf(disk));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const consumer = await agents.agent("two", ["out"]);
  await until("the source has ended", () => readBy(producer) === LEDGERS);
  await sleep(500);
  await server.start();
  await completed(producer, consumer);
  assert.deepEqual(disk.content, await want());
});

busTest("NATS is away while the source goes on reading into the spool", async (server, folder) => {
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), chainOf(disk, paced(10)));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const consumer = await agents.agent("two", ["out"]);
  await until("rows", () => rows(disk) > 20);
  await server.kill();
  const before = readBy(producer);
  await until("the source reads on", () => readBy(producer) > before + 120);
  await server.start();
  await completed(producer, consumer);
  assert.deepEqual(disk.content, await want());
});

/** More than a publisher holds in memory; the spool takes some 60 of these ledgers. */
const MANY = 900;
const SMALL_SPOOL = { config: { bus: { spool_max_bytes: 16_000, spool_policy: "oldest" } } };

busTest("a spool that drops its oldest ledgers: they are read from the source again", async (
  server,
  folder,
) => {
  const disk = createDisk();
  const pipeline = { ...pipelineOf(simple), ...SMALL_SPOOL };
  const readings = new Map<number, number>();
  const counting = {
    async before(sequence: number) {
      readings.set(sequence, (readings.get(sequence) ?? 0) + 1);
      await sleep(2);
    },
  };
  await using agents = fleet(server, folder, pipeline, chainOf(disk, { to: MANY, ...counting }));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const consumer = await agents.agent("two", ["out"]);
  await until("rows", () => rows(disk) > 20);
  await server.kill();
  await until("the source has ended", () => readBy(producer) === MANY);
  const [spool] = await surveySpools(join(folder, "one", "spool"));
  assert.ok((spool?.bytes ?? 0) <= 16_000, "the spool is within its limit");
  const first = spool?.ledgers.get("ledgers")?.first ?? 0;
  assert.ok(first > 100, "its oldest ledgers are gone");
  await server.start();
  await completed(producer, consumer);
  assert.deepEqual(disk.content, await expected(simple, (each) => chainOf(each, { to: MANY })));
  assert.equal(readings.get(1), 1, "what stood in the stream is not read again");
  assert.ok((readings.get(first - 1) ?? 0) > 1, "what was dropped is");
});

busTest("what the spool has dropped, and the source no longer gives, ends the run", async (
  server,
  folder,
) => {
  const disk = createDisk();
  let oldest = 0;
  const forgetful = {
    async before(sequence: number) {
      if (sequence < oldest) {
        throw new FlowctlError("source/out-of-range", `ledger ${sequence} is not kept any more`);
      }
      await sleep(2);
    },
  };
  const pipeline = { ...pipelineOf(simple), ...SMALL_SPOOL };
  await using agents = fleet(server, folder, pipeline, chainOf(disk, { to: MANY, ...forgetful }));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const consumer = await agents.agent("two", ["out"]);
  await until("rows", () => rows(disk) > 20);
  await server.kill();
  await until("the source has ended", () => readBy(producer) === MANY);
  oldest = MANY;
  await server.start();
  const summary = await producer.run.done;
  assert.equal(summary.error?.code, "source/out-of-range");
  assert.match(summary.error?.message ?? "", /ledger \d+ is not kept any more/);
  // The reader has what came before the gap, waits, and takes nothing from behind it.
  await consumer.abort();
  const held = disk.content.get("ledgers") ?? [];
  const whole = await expected(simple, (each) => chainOf(each, { to: MANY }));
  assert.ok(held.length > 20 && held.length < (whole.get("ledgers")?.length ?? 0));
  assert.deepEqual(held, whole.get("ledgers")?.slice(0, held.length));
});

busTest("the stream is deleted", async (server, folder) => {
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  const both = [
    await agents.agent("one", ["ledgers", "tag"]),
    await agents.agent("two", ["out"]),
  ];
  const { jsm, close } = await manager(server);
  await until("rows", () => rows(disk) > 60);
  await jsm.streams.delete(stream);
  await completed(...both);
  await close();
  assert.deepEqual(disk.content, await want());
});

busTest("the tail of the stream is lost while nobody looks", async (server, folder) => {
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  const first = await agents.agent("one", ["ledgers", "tag"]);
  const { jsm, close } = await manager(server);
  await until("messages", () => holdsMessages(jsm, 100));
  await first.stop();
  const { last_seq } = (await jsm.streams.info(stream)).state;
  for (let seq = last_seq; seq > last_seq - 30; seq -= 1) {
    await jsm.streams.deleteMessage(stream, seq);
  }
  await close();
  await completed(
    await agents.agent("one", ["ledgers", "tag"], 2),
    await agents.agent("two", ["out"]),
  );
  assert.deepEqual(disk.content, await want());
});

busTest("ledgers in the middle of the stream are lost", async (server, folder) => {
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const { jsm, close } = await manager(server);
  await until("messages", () => holdsMessages(jsm, 100));
  for (const seq of [20, 21, 22, 60]) await jsm.streams.deleteMessage(stream, seq);
  await close();
  await completed(producer, await agents.agent("two", ["out"]));
  assert.deepEqual(disk.content, await want());
});

busTest("a producer that was replaced comes back while its successor runs", async (
  server,
  folder,
) => {
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  const old = await agents.agent("old", ["ledgers", "tag"], 1);
  await until("progress", () => readBy(old) > 30);
  const successor = await agents.agent("new", ["ledgers", "tag"], 2);
  const summary = await old.run.done;
  assert.equal(summary.outcome, "failed");
  assert.equal(summary.error?.code, "bus/fenced");
  await completed(successor, await agents.agent("sink", ["out"]));
  assert.deepEqual(disk.content, await want());
});

busTest("a reader that was replaced yields to its successor", async (server, folder) => {
  const [oldDisk, disk] = [createDisk(), createDisk()];
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  await using others = fleet(server, folder, pipelineOf(simple), make(oldDisk));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const old = await others.agent("old", ["out"], 1);
  await until("rows", () => rows(oldDisk) > 20);
  const successor = await agents.agent("new", ["out"], 2);
  await completed(producer, successor);
  assert.deepEqual(disk.content, await want());
  const summary = await old.run.done;
  assert.equal(summary.error?.code, "bus/fenced");
});

busTest("a ledger above the server's largest message comes in parts", async (server, folder) => {
  const big = { rows: (sequence: number) => sequence % 40 === 0 ? 3_000 : 2, to: 120 };
  const disk = createDisk();
  const pipeline = {
    ...pipelineOf(simple),
    config: { bus: { compress_above: 1_000_000_000 } },
  };
  await using agents = fleet(server, folder, pipeline, chainOf(disk, big));
  await completed(
    await agents.agent("one", ["ledgers", "tag"]),
    await agents.agent("two", ["out"]),
  );
  assert.deepEqual(disk.content, await expected(simple, (each) => chainOf(each, big)));
}, { max_payload: 16 * 1024 });

busTest("agents end and come back after ids are forgotten", async (server, folder) => {
  const disk = createDisk();
  const pipeline = { ...pipelineOf(simple), config: { bus: { duplicate_window: "100ms" } } };
  await using agents = fleet(server, folder, pipeline, make(disk));
  let both: Agent[] = [];
  for (let round = 1; round <= 4; round += 1) {
    both = [
      await agents.agent("one", ["ledgers", "tag"], round),
      await agents.agent("two", ["out"], round),
    ];
    if (round === 4) break;
    await sleep(350);
    await Promise.all(both.map((agent) => agent.abort()));
    await sleep(150);
  }
  await completed(...both);
  assert.deepEqual(disk.content, await want());
});

busTest("a full stream holds the producer back until its readers have come", async (
  server,
  folder,
) => {
  const disk = createDisk();
  const pipeline = { ...pipelineOf(simple), config: { bus: { max_bytes: 80_000 } } };
  const many = { to: 1_000 };
  await using agents = fleet(server, folder, pipeline, chainOf(disk, many));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  await sleep(700);
  assert.ok(readBy(producer) < 700, "the producer did not wait");
  await completed(producer, await agents.agent("two", ["out"]));
  assert.deepEqual(disk.content, await expected(simple, (each) => chainOf(each, many)));
});

busTest("a damaged message is asked for again, and then kept as a dead letter", async (
  server,
  folder,
) => {
  const disk = createDisk();
  const { jsm, close } = await manager(server);
  const headers = createHeaders();
  headers.set("Flowctl-Envelope", "kind=batch ledger=1 start=1 epoch=1 size=3 crc=12345");
  await using agents = fleet(server, folder, pipelineOf(simple), make(disk));
  const consumer = await agents.agent("two", ["out"]);
  const subject = subjectOf({ namespace: "default", name: "test", producer: "tag" }, "ledgers");
  await jsm.streams.add({ name: stream, subjects: [subject], discard: DiscardPolicy.New });
  await jsm.jetstream().publish(subject, "bad", { headers });
  const summary = await consumer.run.done;
  assert.equal(summary.error?.code, "bus/damaged-message");
  assert.match(summary.error?.hint ?? "", /flowctl-dead-default-test/);
  const dead = await jsm.streams.getMessage("flowctl-dead-default-test", { seq: 1 });
  assert.match(dead?.header.get("Flowctl-Error") ?? "", /checksum/);
  await close();
});

test("the subjects of an edge belong to its stream", () => {
  const edge = { namespace: "default", name: "test", producer: "tag" };
  assert.ok(subjectOf(edge, "ledgers").startsWith("flowctl.edge.default.test.tag."));
  assert.equal(LEDGERS, 300);
});
