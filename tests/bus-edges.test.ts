/** A pipeline cut between agents gives what it gives on one machine. */

import assert from "node:assert/strict";
import { busTest, chain, chainOf, completed, expected, fleet } from "./support/bus.ts";
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
