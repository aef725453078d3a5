/** Several runs of one pipeline: checkpoints, ranges, configurations, states, dead letters. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { Batch } from "../src/flow/batch.ts";
import type { ComponentDefinition } from "../src/flow/component.ts";
import type { RunOptions } from "../src/flow/run.ts";
import { SNAPSHOT_INTERVAL_ledgers } from "../src/flow/snapshots.ts";
import { openState } from "../src/flow/state.ts";
import type { RunSummary } from "../src/flow/stats.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import type { ComponentSpec } from "../src/spec/pipeline.ts";
import {
  component,
  createDisk,
  diskSink,
  ledgerOf,
  numbers,
  runOf,
  sleep,
  summing,
  tagging,
} from "./support/flow.ts";

let stateDir = "";

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "flow-resume-"));
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const lake = component("source", "lake");
const sink = (id: string, inputs: readonly string[], more: Partial<ComponentSpec> = {}) =>
  component("sink", id, inputs, more);

function run(
  components: readonly ComponentSpec[],
  catalogue: readonly ComponentDefinition[],
  more: Partial<RunOptions> = {},
): Promise<RunSummary> {
  return runOf(components, catalogue, { stateDir, persistent: true, ...more }).done;
}

function completed(summary: RunSummary): void {
  assert.equal(summary.outcome, "completed", `${summary.error?.message}`);
}

function failedWith(summary: RunSummary, code: string, message: RegExp): void {
  assert.equal(summary.outcome, "failed");
  assert.equal(summary.error?.code, code);
  assert.match(summary.error?.message ?? "", message);
}

/** Ledgers that the source was asked for, over all runs. */
function recorded(to?: number) {
  const read: number[] = [];
  const source = numbers("lake", {
    ...(to === undefined ? {} : { to }),
    rows: () => 1,
    before: (sequence) => void read.push(sequence),
  });
  return { read, source };
}

test("a rerun goes on after the checkpoint; a range that is complete reads nothing", async () => {
  for (const transactional of [true, false]) {
    const disk = createDisk();
    const { read, source } = recorded(30);
    const out = diskSink("out", disk, { transactional });
    completed(await run([lake, sink("out", ["lake"])], [source, out], { to: 10 }));
    completed(await run([lake, sink("out", ["lake"])], [source, out], { to: 20 }));
    completed(await run([lake, sink("out", ["lake"])], [source, out]));
    assert.deepEqual(read, Array.from({ length: 30 }, (_, index) => index + 1));
    const content = disk.content.get("lake")?.slice();
    const again = await run([lake, sink("out", ["lake"])], [source, out]);
    completed(again);
    assert.equal(read.length, 30);
    assert.deepEqual(disk.content.get("lake"), content);
    rmSync(stateDir, { recursive: true, force: true });
  }
});

test("--from below a checkpoint needs --reset, which begins anew", async () => {
  const disk = createDisk();
  const components = [lake, sink("out", ["lake"])];
  const catalogue = [recorded(30).source, diskSink("out", disk, { transactional: true })];
  completed(await run(components, catalogue, { to: 20 }));
  for (const from of [1, 20]) {
    failedWith(
      await run(components, catalogue, { from, to: 25 }),
      "state/below-checkpoint",
      new RegExp(`--from ${from} .* sink out, .* lake up to ledger 20`),
    );
  }
  completed(await run(components, catalogue, { from: 21, to: 22 }));
  completed(await run(components, catalogue, { from: 5, to: 7, reset: true }));
  assert.deepEqual(disk.content.get("lake"), ["lake-5-0=5000", "lake-6-0=6000", "lake-7-0=7000"]);
});

test("--from above a checkpoint leaves ledgers out, because it was asked to", async () => {
  const disk = createDisk();
  const components = [lake, sink("out", ["lake"])];
  const catalogue = [recorded(30).source, diskSink("out", disk, { transactional: true })];
  completed(await run(components, catalogue, { to: 2 }));
  completed(await run(components, catalogue, { from: 9, to: 10 }));
  assert.equal(
    disk.content.get("lake")?.join(),
    "lake-1-0=1000,lake-2-0=2000,lake-9-0=9000,lake-10-0=10000",
  );
});

test("a range that ends before it begins is refused", async () => {
  const catalogue = [
    numbers("lake", { from: 100, to: 200 }),
    diskSink("out", createDisk(), { transactional: true }),
  ];
  const components = [lake, sink("out", ["lake"])];
  failedWith(await run(components, catalogue, { from: 9, to: 8 }), "cli/usage", /--from 9/);
  failedWith(await run(components, catalogue, { to: 50 }), "cli/usage", /--to 50 .* 100/);
});

test("the source starts for the sink that has least; those ahead skip what they have", async () => {
  const first = createDisk();
  const second = createDisk();
  const { read, source } = recorded(30);
  const catalogue = [
    source,
    diskSink("first", first, { transactional: true }),
    diskSink("second", second, { transactional: false }),
  ];
  completed(await run([lake, sink("first", ["lake"])], catalogue, { to: 20 }));
  read.length = 0;
  completed(await run([lake, sink("first", ["lake"]), sink("second", ["lake"])], catalogue));
  assert.deepEqual(read, Array.from({ length: 30 }, (_, index) => index + 1));
  assert.equal(first.content.get("lake")?.length, 30);
  assert.deepEqual(second.content.get("lake"), first.content.get("lake"));
});

test("without persistence each run begins anew", async () => {
  const { read, source } = recorded(5);
  for (let time = 1; time <= 2; time += 1) {
    const out = diskSink("out", createDisk(), { transactional: false });
    completed(await run([lake, sink("out", ["lake"])], [source, out], { persistent: false }));
    assert.equal(read.length, 5 * time);
  }
});

test("a checkpoint of another configuration is refused, and the change is named", async () => {
  const disk = createDisk();
  const catalogue = [
    { ...recorded(9).source, secretKeys: ["token"], runOnlyKeys: ["mirror"] },
    tagging("a"),
    diskSink("out", disk, { transactional: true }),
  ];
  const pipeline = (source: object, where: string) => [
    component("source", "lake", [], { config: { workers: 2, ...source } }),
    component("processor", "a", ["lake"], { config: { where, list: [1, 2] } }),
    sink("out", ["a"]),
  ];
  const config = { url: "file:///x", token: "hush", mirror: "m1" };
  completed(await run(pipeline(config, "x > 1"), catalogue, { to: 3 }));

  const harmless = { url: "file:///x", token: "other", mirror: "m2", workers: 8, start_ledger: 1 };
  completed(await run(pipeline(harmless, "x > 1"), catalogue, { to: 6 }));

  const changed = await run(pipeline(config, "x > 2"), catalogue);
  failedWith(
    changed,
    "state/config-changed",
    /sink out .*a\.config\.where was "x > 1" and is "x > 2"/,
  );
  assert.doesNotMatch(`${changed.error?.message}`, /hush|url/);
  failedWith(
    await run([lake, sink("out", ["lake"])], catalogue),
    "state/config-changed",
    /out\.inputs\[0\] was "a" and is "lake"/,
  );
  assert.equal(disk.positions.get("lake"), 6);
  completed(await run(pipeline(config, "x > 2"), catalogue, { reset: true }));
});

test("the configuration may change as long as nothing is committed", async () => {
  const failing = () => {
    throw new Error("no");
  };
  const bad = diskSink("out", createDisk(), { transactional: true, onCommit: failing });
  const source = recorded(9).source;
  const pipeline = (where: string) => [lake, sink("out", ["lake"], { config: { where } })];
  failedWith(await run(pipeline("a"), [source, bad]), "flow/sink-failed", /sink out: no/);
  const good = diskSink("out", createDisk(), { transactional: true });
  completed(await run(pipeline("b"), [source, good]));
});

test("a stateful processor goes on from a snapshot, wherever the last run died", async () => {
  const to = SNAPSHOT_INTERVAL_ledgers * 2 + 300;
  const undisturbed = createDisk();
  const pipeline = [lake, component("processor", "sum", ["lake"]), sink("out", ["sum"])];
  completed(
    await runOf(pipeline, [
      recorded(to).source,
      summing("sum"),
      diskSink("out", undisturbed, { transactional: true }),
    ]).done,
  );

  const disk = createDisk();
  const { read, source } = recorded(to);
  const dieAt = (last: number) => ({
    async onWrite({ sequence }: Batch) {
      // Long enough for what came before to be committed.
      if (sequence === last - 10) await sleep(30);
      if (sequence === last) throw new Error("died");
    },
  });
  for (const last of [700, 1200]) {
    const out = diskSink("out", disk, { transactional: true, ...dieAt(last) });
    assert.equal((await run(pipeline, [source, summing("sum"), out])).outcome, "failed");
    assert.ok((disk.positions.get("lake") ?? 0) > last - 20);
  }
  read.length = 0;
  const out = diskSink("out", disk, { transactional: true });
  completed(await run(pipeline, [source, summing("sum"), out]));
  assert.equal(read[0], SNAPSHOT_INTERVAL_ledgers * 2 + 1);
  assert.deepEqual(disk.content, undisturbed.content);

  const state = openState({ stateDir, pipeline: "default/test" });
  const left = state.snapshots.list("sum").map((positions) => positions.get("lake"));
  state.close();
  assert.ok(left.includes(to) && !left.includes(0), `snapshots at ${left}`);
});

test("only the event that fails is dead-lettered, and a restart leaves it out again", async () => {
  let refuse = true;
  const calls: number[] = [];
  const disk = createDisk();
  const catalogue = [
    numbers("lake", { to: 9, rows: () => 8 }),
    tagging("a", (batch) => {
      const rows = batch.groups[0]?.rows ?? [];
      calls.push(rows.length);
      if (refuse && rows.some((row) => row["event_id"] === "lake-4-5")) throw new Error("no");
    }),
    diskSink("out", disk, { transactional: true }),
  ];
  const pipeline = [
    lake,
    component("processor", "a", ["lake"], { on_error: "dead_letter" }),
    sink("out", ["a"]),
  ];
  const summary = await run(pipeline, catalogue, { to: 5 });
  completed(summary);
  assert.equal(disk.content.get("lake")?.length, 39);
  assert.equal(summary.components.find(({ id }) => id === "a")?.dead_lettered, 1);
  assert.ok(calls.length <= 5 + 7 + 1, `${calls.length} calls`);

  // The sink has lost what it had, as a crash before its commit would have it.
  disk.content.clear();
  disk.positions = new Map();
  refuse = false;
  completed(await run(pipeline, catalogue, { to: 5 }));
  assert.equal(disk.content.get("lake")?.length, 39);
  assert.ok(!disk.content.get("lake")?.some((line) => line.startsWith("lake-4-5")));
});

test("each dead letter has its own error", async () => {
  const refuse = (batch: Batch) => {
    const bad = batch.groups[0]?.rows.find((row) => Number(row["value"]) % 3 === 0);
    if (bad !== undefined) throw new Error(`cannot handle ${bad["event_id"]}`);
  };
  completed(
    await run(
      [
        lake,
        component("processor", "a", ["lake"], { on_error: "dead_letter" }),
        sink("out", ["a"]),
      ],
      [
        numbers("lake", { to: 5, rows: () => 7 }),
        tagging("a", refuse),
        diskSink("out", createDisk(), { transactional: true }),
      ],
    ),
  );
  const state = openState({ stateDir, pipeline: "default/test" });
  const letters = state.deadLetters.ids().map((id) => state.deadLetters.get(id));
  state.close();
  assert.equal(letters.length, 11);
  for (const letter of letters) assert.equal(letter?.error, `cannot handle ${letter?.eventId}`);
});

test("what a sink has refused stays out of it, also when it would take it by now", async () => {
  let refuse = true;
  const disk = createDisk();
  const catalogue = [
    numbers("lake", { to: 9, rows: () => 2 }),
    diskSink("out", disk, {
      transactional: true,
      onWrite({ groups }) {
        const found = groups[0]?.rows.some((row) => row["event_id"] === "lake-4-0");
        if (refuse && found) throw new FlowctlError("sink/rejected", "no");
      },
    }),
  ];
  const pipeline = [lake, sink("out", ["lake"], { on_error: "dead_letter" })];
  completed(await run(pipeline, catalogue));
  assert.equal(disk.content.get("lake")?.length, 17);
  disk.content.clear();
  disk.positions = new Map();
  refuse = false;
  completed(await run(pipeline, catalogue));
  assert.equal(disk.content.get("lake")?.length, 17);
});

test("a ledger of which a sink took only a part is not committed", async () => {
  let broken = true;
  const disk = createDisk();
  const catalogue = [
    numbers("lake", { to: 9, rows: () => 2 }),
    diskSink("out", disk, {
      transactional: true,
      onWrite({ sequence, groups }) {
        // It refuses the second event, then also the ledger without it.
        const ids = groups.flatMap(({ rows }) => rows.map((row) => row["event_id"]));
        const fails = ids.length !== 1 || ids[0] !== "lake-4-0";
        if (broken && sequence === 4 && fails) throw new FlowctlError("sink/rejected", "no");
      },
    }),
  ];
  const pipeline = [lake, sink("out", ["lake"], { on_error: "skip" })];
  failedWith(await run(pipeline, catalogue), "sink/rejected", /sink out, ledger 4 of lake/);
  assert.ok((disk.positions.get("lake") ?? 0) < 4);
  broken = false;
  completed(await run(pipeline, catalogue));
  assert.equal(disk.content.get("lake")?.length, 18);
});

test("a sink that would miss ledgers says so", async () => {
  const unbounded = (first: number): ComponentDefinition => ({
    ...numbers("lake"),
    role: "source",
    create: () => ({
      bounds: () => Promise.resolve({ from: undefined, to: undefined }),
      async *read({ from = first }) {
        for (let sequence = from; sequence < first + 5; sequence += 1) {
          yield ledgerOf("lake", sequence);
        }
      },
      close: () => Promise.resolve(),
    }),
  });
  const disks = [createDisk(), createDisk()] as const;
  const first = diskSink("first", disks[0], { transactional: true });
  const second = diskSink("second", disks[1], { transactional: true });
  completed(await run([lake, sink("first", ["lake"])], [unbounded(1), first]));
  failedWith(
    await run([lake, sink("first", ["lake"]), sink("second", ["lake"])], [
      unbounded(100),
      first,
      second,
    ]),
    "flow/gap",
    /sink first has ledger 5 of lake, but the next that came is 100/,
  );
});

test("skip leaves the event out and keeps nothing", async () => {
  const disk = createDisk();
  const refuse = (batch: Batch) => {
    if (batch.groups[0]?.rows.some((row) => row["event_id"] === "lake-4-0")) throw new Error("no");
  };
  const summary = await run(
    [lake, sink("out", ["lake"], { on_error: "skip" })],
    [
      numbers("lake", { to: 9, rows: () => 2 }),
      diskSink("out", disk, { transactional: true, onWrite: refuse }),
    ],
  );
  completed(summary);
  assert.equal(disk.content.get("lake")?.length, 17);
  assert.equal(summary.components.find(({ id }) => id === "out")?.skipped, 1);
  const state = openState({ stateDir, pipeline: "default/test" });
  assert.deepEqual(state.deadLetters.ids(), []);
  state.close();
});

test("a ledger without events that fails stops the run whatever on_error says", async () => {
  const summary = await run(
    [lake, sink("out", ["lake"], { on_error: "skip" })],
    [
      numbers("lake", { to: 9, rows: () => 0 }),
      diskSink("out", createDisk(), {
        transactional: true,
        onWrite() {
          throw new FlowctlError("sink/rejected", "never");
        },
      }),
    ],
  );
  failedWith(summary, "sink/rejected", /sink out, ledger 1 of lake: never/);
});

test("two runs of one pipeline do not run at once", async () => {
  const catalogue = [
    numbers("lake", { before: () => sleep(5) }),
    diskSink("out", createDisk(), { transactional: true }),
  ];
  const components = [lake, sink("out", ["lake"])];
  const first = runOf(components, catalogue, { stateDir, persistent: true });
  await sleep(20);
  failedWith(await run(components, catalogue), "state/locked", /default\/test .* process \d+/);
  first.stop();
  assert.equal((await first.done).outcome, "stopped");
});

test("a source that begins at its head keeps its place between runs", async () => {
  let head = 100;
  const latest: ComponentDefinition = {
    ...numbers("lake"),
    role: "source",
    create: () => ({
      bounds: () => Promise.resolve({ from: head, to: undefined }),
      async *read({ from = head }) {
        for (let sequence = from; sequence <= head + 3; sequence += 1) {
          yield ledgerOf("lake", sequence, 1);
        }
      },
      close: () => Promise.resolve(),
    }),
  };
  const disk = createDisk();
  const components = [lake, component("processor", "sum", ["lake"]), sink("out", ["sum"])];
  const catalogue = [latest, summing("sum"), diskSink("out", disk, { transactional: true })];
  completed(await run(components, catalogue));
  head = 110;
  completed(await run(components, catalogue));
  assert.equal(disk.positions.get("lake"), 113);
  assert.equal(disk.content.get("lake")?.length, 14);
});
