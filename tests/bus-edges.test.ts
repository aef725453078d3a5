/** A pipeline cut between agents gives what it gives on one machine. */

import assert from "node:assert/strict";
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
import {
  component,
  createDisk,
  type Disk,
  diskSink,
  numbers,
  pipelineOf,
  tagging,
} from "./support/flow.ts";

for (
  const [name, parts] of Object.entries({
    "source | processors | sink": [["ledgers"], ["tag", "sum"], ["out"]],
    "each alone": [["ledgers"], ["tag"], ["sum"], ["out"]],
    "source and sink | processors": [["ledgers", "out"], ["tag", "sum"]],
    "source and a processor | the other and the sink": [["ledgers", "tag"], ["sum", "out"]],
  })
) {
  busTest(`cut as ${name}, the sink holds the same as on one machine`, async (server, folder) => {
    const want = await expected(chain, chainOf);
    const disk = createDisk();
    await using agents = fleet(server, folder, pipelineOf(chain), chainOf(disk));
    const running = await Promise.all(
      parts.map((components, index) => agents.agent(`agent-${index}`, components)),
    );
    await completed(...running);
    assert.deepEqual(disk.content, want);
  });
}

busTest("two sources stay apart on the edges that both pass", async (server, folder) => {
  const components = [
    component("source", "a"),
    component("source", "b"),
    component("processor", "tag", ["a", "b"]),
    component("sink", "out", ["tag"]),
  ];
  const make = (disk: Disk) => [
    numbers("a", { to: 50 }),
    numbers("b", { from: 1000, to: 1100 }),
    tagging("tag"),
    diskSink("out", disk, { transactional: true }),
  ];
  const want = await expected(components, make);
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(components), make(disk));
  await completed(
    await agents.agent("one", ["a", "b", "tag"]),
    await agents.agent("two", ["out"]),
  );
  assert.deepEqual(disk.content, want);
});

busTest("both ends of an edge count what passes, and what waits", async (server, folder) => {
  const components = chain.filter(({ id }) => id !== "sum")
    .map((spec) => spec.id === "out" ? { ...spec, inputs: ["tag"] } : spec);
  const disk = createDisk();
  await using agents = fleet(server, folder, pipelineOf(components), chainOf(disk));
  const producer = await agents.agent("one", ["ledgers", "tag"]);
  const consumer = await agents.agent("two", ["out"]);
  await completed(producer, consumer);
  const metersOf = ({ run }: Agent, id: string) =>
    run.stats().components.find((component) => component.id === id)?.meters ?? {};
  const out = metersOf(producer, "tag.bus-out");
  assert.equal(out["bus_out_published_ledgers"], LEDGERS);
  // The mark of the end is a message, too.
  assert.equal(out["bus_out_acked_ledgers"], LEDGERS + 1);
  assert.equal(out["bus_out_pending_ledgers"], 0);
  assert.equal(out["bus_out_connected"], 1);
  assert.equal(out["spool_bytes"], 0);
  assert.equal(out["spool_oldest_age_s"], 0);
  const into = metersOf(consumer, "tag");
  assert.equal(into["bus_in_received_ledgers"], LEDGERS);
  assert.equal(into["bus_in_lag_ledgers"], 0);
  assert.equal(into["bus_in_redelivered"], 0);
  assert.ok((into["bus_in_bytes"] ?? 0) > 0 && into["bus_in_bytes"] === out["bus_bytes"]);
});
