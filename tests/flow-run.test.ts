import assert from "node:assert/strict";
import { test } from "node:test";
import { component, createDisk, diskSink, numbers, runOf, tagging } from "./support/flow.ts";

test("a bounded range ends by itself, complete and in order", async () => {
  const disk = createDisk();
  const run = runOf(
    [
      component("source", "lake"),
      component("processor", "a", ["lake"]),
      component("sink", "out", ["a"]),
    ],
    [numbers("lake", { to: 100 }), tagging("a"), diskSink("out", disk, { transactional: true })],
  );
  const summary = await run.done;
  assert.equal(summary.outcome, "completed", String(summary.error));
  assert.equal(disk.positions.get("lake"), 100);
  assert.equal(disk.content.get("lake")?.length, 100);
  assert.equal(disk.commits.at(-1)?.reason, "final");
  console.log(JSON.stringify(summary, null, 1));
});
