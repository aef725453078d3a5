import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Batch } from "../src/flow/batch.ts";
import type { ComponentDefinition } from "../src/flow/component.ts";
import { replayDeadLetters } from "../src/flow/replay.ts";
import { openState, pipelineKey } from "../src/flow/state.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import type { ComponentSpec } from "../src/spec/pipeline.ts";
import type { Disk } from "./support/flow.ts";
import {
  component,
  createDisk,
  diskSink,
  numbers,
  pipelineOf,
  runOf,
  silent,
  tagging,
} from "./support/flow.ts";

const pipeline = [
  component("source", "lake"),
  component("processor", "a", ["lake"], { on_error: "dead_letter" }),
  component("processor", "b", ["a"]),
  component("sink", "out", ["b"], { on_error: "dead_letter" }),
];

function refusing(ids: ReadonlySet<string>) {
  return (batch: Batch) => {
    for (const { rows } of batch.groups) {
      const bad = rows.find((row) => ids.has(String(row["event_id"])));
      if (bad !== undefined) throw new FlowctlError("sink/rejected", `no ${bad["event_id"]}`);
    }
  };
}

/** Runs ledgers 1 to 9 with two rows each, with these events refused by `a` and by `out`. */
async function scene(
  t: (scene: {
    readonly disk: Disk;
    readonly refusedByA: Set<string>;
    readonly refusedByOut: Set<string>;
    readonly letters: () => readonly string[];
    readonly replay: (
      ids?: readonly number[],
      components?: readonly ComponentSpec[],
    ) => ReturnType<typeof replayDeadLetters>;
  }) => Promise<void>,
): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), "flow-replay-"));
  const disk = createDisk();
  const refusedByA = new Set(["lake-2-1", "lake-5-0"]);
  const refusedByOut = new Set(["lake-7-0>a>b"]);
  const catalogue: ComponentDefinition[] = [
    numbers("lake", { to: 9, rows: () => 2 }),
    tagging("a", refusing(refusedByA)),
    tagging("b"),
    diskSink("out", disk, {
      transactional: true,
      onWrite: refusing(refusedByOut),
    }),
  ];
  try {
    const summary = await runOf(pipeline, catalogue, { stateDir, persistent: true }).done;
    assert.equal(summary.outcome, "completed");
    assert.equal(disk.content.get("lake")?.length, 15);
    await t({
      disk,
      refusedByA,
      refusedByOut,
      letters() {
        const state = openState({ stateDir, pipeline: pipelineKey(pipelineOf(pipeline)) });
        const { deadLetters } = state;
        const letters = deadLetters.ids().map((id) => {
          const letter = deadLetters.get(id);
          return `${letter?.id} ${letter?.component} ${letter?.eventId} ${letter?.attempts}`;
        });
        state.close();
        return letters;
      },
      replay: (ids, components = pipeline) =>
        replayDeadLetters({
          pipeline: pipelineOf(components),
          catalogue,
          stateDir,
          log: silent,
          env: {},
          ...(ids === undefined ? {} : { ids }),
        }),
    });
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

const REPLAYED = "dead-letters.replay";

test("letters that get through reach the sink and are gone; the others stay and count", () =>
  scene(async ({ disk, refusedByA, letters, replay }) => {
    assert.deepEqual(letters(), ["1 a lake-2-1 1", "2 a lake-5-0 1", "3 out lake-7-0>a>b 1"]);
    refusedByA.delete("lake-5-0");
    assert.deepEqual(await replay(), { replayed: 1, failed: 2, waiting: 0 });
    assert.deepEqual(disk.content.get(REPLAYED), ["lake-5-0>a>b=5000"]);
    assert.deepEqual(letters(), ["1 a lake-2-1 2", "3 out lake-7-0>a>b 2"]);
  }));

test("a letter that fails between two that get through holds neither back", () =>
  scene(async ({ disk, refusedByA, refusedByOut, letters, replay }) => {
    refusedByA.delete("lake-2-1");
    refusedByOut.clear();
    assert.deepEqual(await replay(), { replayed: 2, failed: 1, waiting: 0 });
    assert.deepEqual(disk.content.get(REPLAYED), ["lake-2-1>a>b=2001", "lake-7-0>a>b=7000"]);
    assert.deepEqual(letters(), ["2 a lake-5-0 2"]);
  }));

test("letters are replayed in any order, one by one", () =>
  scene(async ({ disk, refusedByA, refusedByOut, letters, replay }) => {
    refusedByA.clear();
    refusedByOut.clear();
    for (const id of [3, 1, 2]) {
      assert.deepEqual(await replay([id]), { replayed: 1, failed: 0, waiting: 0 });
    }
    assert.deepEqual(disk.content.get(REPLAYED), [
      "lake-7-0>a>b=7000",
      "lake-2-1>a>b=2001",
      "lake-5-0>a>b=5000",
    ]);
    assert.deepEqual(letters(), []);
    await assert.rejects(replay([1]), { code: "cli/usage" });
  }));

test("a letter that fails further down is filed there, and its first letter is gone", () =>
  scene(async ({ disk, refusedByA, refusedByOut, letters, replay }) => {
    refusedByA.delete("lake-5-0");
    refusedByOut.add("lake-5-0>a>b");
    assert.deepEqual(await replay([2]), { replayed: 1, failed: 0, waiting: 0 });
    assert.deepEqual(disk.content.get(REPLAYED), []);
    assert.deepEqual(letters(), [
      "1 a lake-2-1 1",
      "3 out lake-7-0>a>b 1",
      "4 out lake-5-0>a>b 1",
    ]);
  }));

test("a replay that dies after the sink's commit is finished without a second copy", () =>
  scene(async ({ disk, refusedByA, refusedByOut, letters, replay }) => {
    refusedByA.clear();
    refusedByOut.clear();
    // The commit takes effect, but whoever waits for it never learns so.
    const sinkCommit = disk.commits.push.bind(disk.commits);
    disk.commits.push = () => {
      throw new FlowctlError("sink/unreachable", "died after the commit");
    };
    await assert.rejects(replay(), { code: "sink/unreachable" });
    disk.commits.push = sinkCommit;
    assert.equal(letters().length, 3);
    assert.deepEqual(await replay([1]), { replayed: 3, failed: 0, waiting: 0 });
    assert.equal(disk.content.get(REPLAYED)?.length, 3);
    assert.deepEqual(letters(), []);
  }));

test("a letter of a ledger that a sink has not committed waits for the run", () =>
  scene(async ({ disk, letters, replay }) => {
    disk.positions = new Map([["lake", 4]]);
    assert.deepEqual(await replay(), { replayed: 0, failed: 1, waiting: 2 });
    assert.equal(letters().length, 3);
  }));

test("a letter may go through a processor that was mended, but not into another output", () =>
  scene(async ({ refusedByA, replay }) => {
    refusedByA.clear();
    const changed = (id: string) =>
      pipeline.map((each) => each.id === id ? { ...each, config: { fixed: true } } : each);
    await assert.rejects(replay([1], changed("out")), { code: "state/config-changed" });
    assert.deepEqual(await replay([1], changed("a")), { replayed: 1, failed: 0, waiting: 0 });
  }));
