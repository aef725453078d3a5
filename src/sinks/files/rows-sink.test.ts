import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { childScript } from "../../../tests/support/child-script.ts";
import {
  inTemporaryFolder,
  memorySlot,
  sinkContext,
  testBatch,
  transferRows,
  transferType,
} from "../../../tests/support/sink-context.ts";
import type { Batch } from "../../flow/batch.ts";
import type { SinkDefinition } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { csv } from "../csv.ts";
import { jsonl } from "../jsonl.ts";
import { WRITE_AFTER_BYTES } from "./append-file.ts";

const LEDGERS = 24;
const transfers = transferType("transfers");
const events = transferType("events");

function ledger(sequence: number): Batch {
  // Every fourth ledger is empty, and the second event type comes late.
  if (sequence % 4 === 0) return testBatch(sequence);
  const own: [typeof transfers, ReturnType<typeof transferRows>] = [
    transfers,
    transferRows(sequence),
  ];
  return sequence > 9
    ? testBatch(sequence, own, [events, transferRows(sequence + 1)])
    : testBatch(sequence, own);
}

function errorOf(code: ErrorCode, ...mentions: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code);
    for (const text of mentions) assert.ok(error.message.includes(text), error.message);
    return true;
  };
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

async function opened(definition: SinkDefinition, path: string, options = {}) {
  const sink = await definition.create(sinkContext(definition, { path }, options));
  const positions = await sink.open();
  return { sink, next: (positions.get("lake") ?? 0) + 1 };
}

/** What the files hold when nothing goes wrong. */
async function undisturbed(definition: SinkDefinition, path: string): Promise<void> {
  const { sink } = await opened(definition, path);
  for (let sequence = 1; sequence <= LEDGERS; sequence++) await sink.write(ledger(sequence));
  await sink.commit("final");
  await sink.close();
}

type Step = "write" | "commit" | "crash" | "crash after the data, before the checkpoint";

const anySteps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>("write") },
    { weight: 2, arbitrary: fc.constant<Step>("commit") },
    { weight: 1, arbitrary: fc.constant<Step>("crash") },
    {
      weight: 1,
      arbitrary: fc.constant<Step>("crash after the data, before the checkpoint"),
    },
  ),
  { maxLength: 40 },
);

for (const definition of [jsonl, csv]) {
  test(`${definition.name}: any order of writes, commits and crashes ends in the same bytes`, async () => {
    await inTemporaryFolder(async (folder) => {
      const whole = join(folder, "whole");
      await undisturbed(definition, join(whole, "{table}"));
      const expected = contents(whole);
      assert.deepEqual(Object.keys(expected), ["events", "transfers"]);
      let run = 0;
      await fc.assert(
        fc.asyncProperty(anySteps, async (steps) => {
          const out = join(folder, `run-${run++}`);
          const path = join(out, "{table}");
          const slot = memorySlot();
          let { sink, next } = await opened(definition, path, { slot });
          for (const step of steps) {
            if (step === "write") {
              if (next <= LEDGERS) await sink.write(ledger(next++));
              continue;
            }
            const before = slot.load();
            if (step !== "crash") await sink.commit("interval");
            if (step === "commit") continue;
            if (step !== "crash") slot.restoreTo(before);
            // A crash keeps what reached the file; closing only frees descriptor and lock.
            await sink.close();
            ({ sink, next } = await opened(definition, path, { slot }));
          }
          while (next <= LEDGERS) await sink.write(ledger(next++));
          await sink.commit("final");
          await sink.close();
          assert.deepEqual(contents(out), expected);
        }),
        { numRuns: 60 },
      );
    });
  });
}

test("half a write that a crash left behind is cut off", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    const slot = memorySlot();
    const first = await opened(jsonl, path, { slot });
    await first.sink.write(ledger(1));
    await first.sink.commit("interval");
    await first.sink.close();
    const committed = readFileSync(path);
    writeFileSync(path, '{"event_id":"te', { flag: "a" });
    const second = await opened(jsonl, path, { slot });
    assert.equal(second.next, 2);
    assert.deepEqual(readFileSync(path), committed);
    await second.sink.close();
  });
});

test("output that is gone or shorter than committed is an error until --reset", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    const slot = memorySlot();
    const { sink } = await opened(jsonl, path, { slot });
    await sink.write(ledger(1));
    await sink.commit("interval");
    await sink.close();
    truncateSync(path, 5);
    await assert.rejects(opened(jsonl, path, { slot }), errorOf("state/output-damaged", path));
    rmSync(path);
    await assert.rejects(opened(jsonl, path, { slot }), errorOf("state/output-missing", path));
    assert.ok(!existsSync(path), "a refused run must not leave an empty file");
    const again = await opened(jsonl, path, { slot, reset: true });
    assert.equal(again.next, 1);
    await again.sink.close();
  });
});

test("--reset empties every file of the checkpoint, also of tables that do not come again", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "{table}.jsonl");
    const slot = memorySlot();
    const { sink } = await opened(jsonl, path, { slot });
    await sink.write(ledger(11));
    await sink.commit("interval");
    await sink.close();
    const again = await opened(jsonl, path, { slot, reset: true });
    await again.sink.close();
    assert.deepEqual(contents(folder), { "events.jsonl": "", "transfers.jsonl": "" });
  });
});

test("somebody else's data is not overwritten, except without persistence", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    writeFileSync(path, "mine\n");
    await assert.rejects(opened(jsonl, path), errorOf("sink/path-in-use", path, "5 bytes"));
    assert.equal(readFileSync(path, "utf8"), "mine\n");
    const { sink } = await opened(jsonl, path, { persistent: false });
    await sink.close();
    assert.equal(readFileSync(path, "utf8"), "");
  });
});

const HOLD_LOCK = `
  const { lockPath } = await import(process.argv[2]);
  try { lockPath(process.argv[3]); console.log("locked"); }
  catch (error) { console.log(error.code); }
`;

test("a path has one writer: in this process and in another", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    const tryElsewhere = () => {
      const module = fileURLToPath(new URL("./path-lock.ts", import.meta.url));
      const args = childScript(folder, HOLD_LOCK, module, path);
      const child = spawnSync(process.execPath, args, { encoding: "utf8" });
      return child.stdout.trim() || child.stderr;
    };
    const { sink } = await opened(jsonl, path);
    await assert.rejects(opened(csv, path), errorOf("sink/path-in-use", path));
    assert.equal(tryElsewhere(), "sink/path-in-use");
    await sink.close();
    assert.equal(tryElsewhere(), "locked", "the lock must end with its holder");
    assert.equal(tryElsewhere(), "locked", "a dead holder must not keep the lock");
  });
});

test("CSV refuses a second event type in one file and says how to part them", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.csv");
    const { sink } = await opened(csv, path);
    await assert.rejects(async () => await sink.write(ledger(11)), (error: unknown) => {
      errorOf("sink/schema-mismatch", "test.transfers.v1", "test.events.v1")(error);
      assert.match((error as FlowctlError).hint ?? "", /\{table\}\.csv/);
      return true;
    });
    await sink.write(ledger(1));
    await sink.commit("final");
    await sink.close();
    assert.match(
      readFileSync(path, "utf8"),
      /^event_id,ledger_sequence,amount,memo\ntest-1-0,1,1\.1,\n/,
    );
  });
});

test("a bad row is named and leaves nothing of its ledger behind", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    const { sink } = await opened(jsonl, path);
    const good = { ...transferRows(1, 1)[0] };
    const bad = { ...good, event_id: "test-7-1", amount: "much" };
    await assert.rejects(
      async () => await sink.write(testBatch(7, [transfers, [good, bad]])),
      errorOf("sink/value-out-of-range", "test.transfers.v1 test-7-1", "amount"),
    );
    await sink.write(ledger(1));
    await sink.commit("final");
    await sink.close();
    assert.equal(readFileSync(path, "utf8").split("\n").length, 1 + transferRows(1).length);
  });
});

const fullMissing = existsSync("/dev/full") ? false : "this system has no /dev/full";

test(
  `a full disk is named, and the checkpoint stays${
    fullMissing ? ` (skipped: ${fullMissing})` : ""
  }`,
  { skip: fullMissing !== false },
  async () => {
    const slot = memorySlot();
    const { sink } = await opened(jsonl, "/dev/full", { slot });
    await sink.write(ledger(1));
    await assert.rejects(sink.commit("interval"), errorOf("sink/disk-full", "/dev/full"));
    assert.equal(slot.load()?.positions.size, 0);
    const large = testBatch(2, [transfers, [{
      ...transferRows(1, 1)[0],
      memo: "x".repeat(WRITE_AFTER_BYTES),
    }]]);
    await sink.write(large);
    await assert.rejects(sink.commit("final"), errorOf("sink/disk-full"));
    await sink.close();
  },
);
