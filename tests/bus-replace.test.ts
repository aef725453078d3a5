/** Messages that cannot be read, and ledgers that are gone: replaced where the producer is there. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { DiscardPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers as createHeaders } from "@nats-io/transport-node";
import { streamName, subjectOf } from "../src/bus/names.ts";
import { busTest, chain, chainOf, completed, expected, fleet } from "./support/bus.ts";
import { createDisk, pipelineOf } from "./support/flow.ts";
import type { NatsServer } from "./support/nats.ts";

const EDGE = { namespace: "default", name: "test", producer: "tag" };
const stream = streamName(EDGE);
const simple = chain.filter(({ id }) => id !== "sum")
  .map((spec) => spec.id === "out" ? { ...spec, inputs: ["tag"] } : spec);
const paced = { before: () => sleep(25) };

async function manager(server: NatsServer) {
  const connection = await connect({ servers: server.url });
  return { jsm: await jetstreamManager(connection), close: () => connection.close() };
}

busTest("a message that cannot be read is kept, and its producer sends the ledger anew", async (
  server,
  folder,
) => {
  const { jsm, close } = await manager(server);
  const headers = createHeaders();
  headers.set("Flowctl-Envelope", "kind=batch ledger=1 start=1 epoch=1 size=3 crc=12345");
  const subject = subjectOf(EDGE, "ledgers");
  await jsm.streams.add({ name: stream, subjects: [subject], discard: DiscardPolicy.New });
  await jsm.jetstream().publish(subject, "bad", { headers });

  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(simple), chainOf(disk, paced));
  await completed(
    await agents.agent("one", ["ledgers", "tag"]),
    await agents.agent("two", ["out"]),
  );
  assert.deepEqual(disk.content, await expected(simple, chainOf));
  const { state } = await jsm.streams.info("flowctl-dead-default-test");
  assert.equal(state.messages, 1);
  await close();
});

busTest(
  "what is lost after its producer has gone ends the reader, which says who is needed",
  async (
    server,
    folder,
  ) => {
    const disk = createDisk();
    await using agents = fleet(server, folder, pipelineOf(simple), chainOf(disk));
    const producer = await agents.agent("one", ["ledgers", "tag"]);
    await completed(producer);
    await producer.stop();
    const { jsm, close } = await manager(server);
    await jsm.streams.deleteMessage(stream, 100);
    await close();
    const late = await agents.agent("two", ["out"]);
    const { outcome, error } = await late.run.done;
    assert.deepEqual([outcome, error?.code], ["failed", "bus/missing-ledger"]);
    assert.match(error?.message ?? "", /ledger 100 of ledgers .* tag does not answer/);
    await late.stop();
  },
);
