import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parquetGroups, parquetNames, parquetRows } from "../../../tests/support/parquet-files.ts";
import {
  inTemporaryFolder,
  memorySlot,
  sinkContext,
  testBatch,
  transferRows,
  transferType,
} from "../../../tests/support/sink-context.ts";
import { opaqueEventType } from "../../events/opaque.ts";
import type { Batch, Row } from "../../flow/batch.ts";
import type { CheckpointSlot, Sink } from "../../flow/component.ts";
import type { Config } from "../../gen/config/parquet.ts";
import { openStore } from "../../objects/open-store.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { configOf } from "../../flow/component-config.ts";
import { parquet } from "./definition.ts";
import { placeOf } from "./names.ts";
import { createParquetSink } from "./sink.ts";
import { spoolOf } from "./spool-place.ts";

const LEDGERS = 32;
const transfers = transferType("transfers");
const events = transferType("events");

function ledger(sequence: number): Batch {
  if (sequence % 5 === 0) return testBatch(sequence);
  return sequence > 9
    ? testBatch(sequence, [transfers, transferRows(sequence)], [events, transferRows(sequence + 1)])
    : testBatch(sequence, [transfers, transferRows(sequence)]);
}

function errorOf(code: ErrorCode, ...mentions: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code);
    for (const text of mentions) assert.ok(error.message.includes(text), error.message);
    return true;
  };
}

async function opened(
  config: Record<string, unknown>,
  options: { slot?: CheckpointSlot; reset?: boolean; persistent?: boolean } = {},
) {
  const sink = await parquet.create(sinkContext(parquet, config, options));
  try {
    const positions = await sink.open();
    return { sink, next: (positions.get("lake") ?? 0) + 1 };
  } catch (error) {
    await sink.close();
    throw error;
  }
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    parquetNames(folder).map((name) => [name, readFileSync(join(folder, name), "base64")]),
  );
}

async function writeAll(sink: Sink, from: number, to = LEDGERS): Promise<void> {
  for (let sequence = from; sequence <= to; sequence++) await sink.write(ledger(sequence));
}

async function run(config: Record<string, unknown>, slot = memorySlot()): Promise<void> {
  const { sink, next } = await opened(config, { slot });
  await writeAll(sink, next);
  await sink.commit("final");
  await sink.close();
}

test("files end at multiples of ledgers_per_file, and names carry table and range", async () => {
  await inTemporaryFolder(async (folder) => {
    await run({ path: join(folder, "{table}"), ledgers_per_file: 10 });
    assert.deepEqual(parquetNames(folder), [
      "events/events-0000000010-0000000019.parquet",
      "events/events-0000000020-0000000029.parquet",
      "events/events-0000000030-0000000032.parquet",
      "transfers/transfers-0000000001-0000000009.parquet",
      "transfers/transfers-0000000010-0000000019.parquet",
      "transfers/transfers-0000000020-0000000029.parquet",
      "transfers/transfers-0000000030-0000000032.parquet",
    ]);
    const rows = await parquetRows(
      join(folder, "transfers/transfers-0000000010-0000000019.parquet"),
    );
    const sequences = [11, 12, 13, 14, 16, 17, 18, 19];
    const ids = sequences.flatMap((n) => transferRows(n).map((row) => row["event_id"]));
    assert.deepEqual(rows.map((row) => row["event_id"]), ids);
  });
});

test("other limits: rows, close time, partition folders", async () => {
  await inTemporaryFolder(async (folder) => {
    const of = async (name: string, config: Record<string, unknown>) => {
      await run({ path: join(folder, name), ...config });
      return parquetNames(join(folder, name)).filter((file) => file.includes("transfers"));
    };
    const rows = await of("rows", { rows_per_file: 20 });
    for (const file of rows.slice(0, -1)) {
      assert.ok((await parquetRows(join(folder, "rows", file))).length >= 20);
    }
    // A ledger closes every 5 seconds from 00:20:52 on, so a minute ends after ledger 1.
    assert.deepEqual(await of("time", { rotate: "1m" }), [
      "transfers-0000000001-0000000001.parquet",
      "transfers-0000000002-0000000013.parquet",
      "transfers-0000000014-0000000025.parquet",
      "transfers-0000000026-0000000032.parquet",
    ]);
    assert.deepEqual(await of("hour", { partition_by: "hour" }), [
      "closed_at_date=2026-06-19/closed_at_hour=00/transfers-0000000001-0000000032.parquet",
    ]);
    assert.deepEqual(await of("ledgers", { partition_by: "ledgers", ledgers_per_partition: 16 }), [
      "ledger_range=0-15/transfers-0000000001-0000000015.parquet",
      "ledger_range=16-31/transfers-0000000016-0000000031.parquet",
      "ledger_range=32-47/transfers-0000000032-0000000032.parquet",
    ]);
  });
});

type Step = "write" | "commit" | "crash" | "crash while files are put" | "crash before the save";

const anySteps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant<Step>("write") },
    { weight: 2, arbitrary: fc.constant<Step>("commit") },
    { weight: 1, arbitrary: fc.constant<Step>("crash") },
    { weight: 1, arbitrary: fc.constant<Step>("crash while files are put") },
    { weight: 1, arbitrary: fc.constant<Step>("crash before the save") },
  ),
  { maxLength: 60 },
);

/** A sink whose process "dies" at the n-th put from now, which may or may not have happened. */
async function fragile(config: Record<string, unknown>, slot: CheckpointSlot) {
  const context = sinkContext(parquet, config, { slot });
  const place = placeOf(String(config["path"]));
  const store = openStore(place.root);
  let plan: { putsLeft: number; last: boolean } | undefined;
  const attempt = async (put: () => Promise<void> | undefined) => {
    if (plan !== undefined && plan.putsLeft-- === 0) {
      if (plan.last) await put();
      throw new Error("killed");
    }
    await put();
  };
  const killable = {
    ...store,
    put: (...args: Parameters<typeof store.put>) => attempt(() => store.put(...args)),
    putFile: (key: string, path: string) => attempt(() => store.putFile?.(key, path)),
  };
  const spool = spoolOf(place, undefined);
  const sink = createParquetSink(context, configOf<Config>(context), place, killable, spool);
  const positions = await sink.open();
  return {
    sink,
    next: (positions.get("lake") ?? 0) + 1,
    dieAt(putsLeft: number, last: boolean) {
      plan = { putsLeft, last };
    },
  };
}

const anyLimits = [
  { ledgers_per_file: 8 },
  { rows_per_file: 11 },
  { rotate: "1m" },
  // Each ledger's rows are more than that: they wait on disk for their file's end.
  { ledgers_per_file: 8, buffer_bytes: "1KiB" },
];

for (const limits of anyLimits) {
  test(`any order of writes, commits and crashes ends in the same files: ${JSON.stringify(limits)}`, async () => {
    await inTemporaryFolder(async (folder) => {
      await run({ path: join(folder, "whole"), ...limits });
      const expected = contents(join(folder, "whole"));
      assert.ok(Object.keys(expected).length > 5);
      let count = 0;
      await fc.assert(
        fc.asyncProperty(anySteps, fc.nat(1), fc.boolean(), async (steps, putsLeft, last) => {
          const out = join(folder, `run-${count++}`);
          const slot = memorySlot();
          let run = await fragile({ path: out, ...limits }, slot);
          const restart = async () => {
            await run.sink.close();
            run = await fragile({ path: out, ...limits }, slot);
          };
          for (const step of steps) {
            try {
              if (step === "write" && run.next <= LEDGERS) await run.sink.write(ledger(run.next++));
              if (step === "commit") await run.sink.commit("interval");
            } catch (error) {
              assert.equal((error as Error).message, "killed");
              await restart();
            }
            if (step === "crash") await restart();
            if (step === "crash while files are put") run.dieAt(putsLeft, last);
            if (step === "crash before the save") run.dieAt(putsLeft, true);
          }
          await restart();
          while (run.next <= LEDGERS) await run.sink.write(ledger(run.next++));
          await run.sink.commit("final");
          await run.sink.close();
          assert.deepEqual(contents(out), expected);
        }),
        { numRuns: 40 },
      );
    });
  });
}

test("a file that a crash left without a checkpoint is removed, whatever range comes next", async () => {
  await inTemporaryFolder(async (folder) => {
    const slot = memorySlot();
    const first = await fragile({ path: folder, ledgers_per_file: 100 }, slot);
    await writeAll(first.sink, 1, 6);
    first.dieAt(0, true);
    await assert.rejects(first.sink.commit("final"), /killed/);
    await first.sink.close();
    assert.deepEqual(parquetNames(folder), ["transfers-0000000001-0000000006.parquet"]);
    await run({ path: folder, ledgers_per_file: 100 }, slot);
    assert.deepEqual(parquetNames(folder), [
      "events-0000000001-0000000032.parquet",
      "transfers-0000000001-0000000032.parquet",
    ]);
  });
});

test("a failed put is told by commit, which can be called again", async () => {
  await inTemporaryFolder(async (folder) => {
    const slot = memorySlot();
    const { sink, dieAt } = await fragile({ path: folder, ledgers_per_file: 4 }, slot);
    await writeAll(sink, 1, 2);
    dieAt(0, false);
    await writeAll(sink, 3, 9);
    await assert.rejects(sink.commit("interval"), /killed/);
    assert.equal(slot.load()?.positions.size, 0);
    await writeAll(sink, 10, 12);
    assert.deepEqual([...await sink.commit("interval")], [["lake", 11]]);
    await sink.close();
    const rows = await Promise.all(
      parquetNames(folder).filter((name) => name.startsWith("transfers"))
        .map((name) => parquetRows(join(folder, name))),
    );
    const sequences = Array.from({ length: 11 }, (_, index) => index + 1).filter((n) => n % 5 > 0);
    assert.deepEqual(
      rows.flat().map((row) => row["event_id"]),
      sequences.flatMap((n) => transferRows(n).map((row) => row["event_id"])),
    );
  });
});

test("a ledger that comes in parts is not torn by a limit", async () => {
  await inTemporaryFolder(async (folder) => {
    const { sink } = await opened({ path: folder, rows_per_file: 3 });
    const rows = transferRows(7, 8);
    for (const row of rows) await sink.write(testBatch(7, [transfers, [row]]));
    await sink.write(ledger(8));
    await sink.commit("final");
    await sink.close();
    assert.equal(parquetNames(folder)[0], "transfers-0000000007-0000000007.parquet");
    assert.equal(
      (await parquetRows(join(folder, parquetNames(folder)[0] ?? ""))).length,
      rows.length,
    );
  });
});

test("positions move with the files, and also where no ledger has rows", async () => {
  await inTemporaryFolder(async (folder) => {
    const { sink } = await opened({ path: folder, ledgers_per_file: 10 });
    await writeAll(sink, 1, 8);
    assert.deepEqual([...await sink.commit("interval")], []);
    await sink.write(ledger(9));
    assert.deepEqual([...await sink.commit("interval")], [["lake", 9]]);
    for (let sequence = 10; sequence < 40; sequence++) await sink.write(testBatch(sequence));
    assert.deepEqual([...await sink.commit("idle")], [["lake", 39]]);
    await sink.close();
    assert.equal(parquetNames(folder).length, 1);
  });
});

test("a later run goes on behind the last, partial file", async () => {
  await inTemporaryFolder(async (folder) => {
    const config = { path: folder, ledgers_per_file: 10 };
    const slot = memorySlot();
    const first = await opened(config, { slot });
    await writeAll(first.sink, 1, 4);
    await first.sink.commit("final");
    await first.sink.close();
    const second = await opened(config, { slot });
    assert.equal(second.next, 5);
    await writeAll(second.sink, 5, 12);
    await second.sink.commit("final");
    await second.sink.close();
    assert.deepEqual(parquetNames(folder).filter((name) => name.startsWith("transfers")), [
      "transfers-0000000001-0000000004.parquet",
      "transfers-0000000005-0000000009.parquet",
      "transfers-0000000010-0000000012.parquet",
    ]);
  });
});

test("output that is gone, damaged or unknown is an error that says what to do", async () => {
  await inTemporaryFolder(async (folder) => {
    const config = { path: folder, ledgers_per_file: 10 };
    const slot = memorySlot();
    await run(config, slot);
    await assert.rejects(opened(config), errorOf("sink/path-in-use", folder));
    const last = join(folder, "events-0000000030-0000000032.parquet");
    truncateSync(last, 10);
    await assert.rejects(opened(config, { slot }), errorOf("state/output-damaged", last));
    rmSync(last);
    await assert.rejects(opened(config, { slot }), errorOf("state/output-missing", last));
    const again = await opened(config, { slot, reset: true });
    await again.sink.close();
    assert.equal(again.next, 1);
    assert.deepEqual(parquetNames(folder), []);
  });
});

test("two sinks cannot write to the same folder", async () => {
  await inTemporaryFolder(async (folder) => {
    const { sink } = await opened({ path: join(folder, "{table}") });
    await assert.rejects(opened({ path: folder }), errorOf("sink/path-in-use"));
    await sink.close();
    await (await opened({ path: folder })).sink.close();
    assert.ok(!existsSync(join(folder, ".parquet.lock")));
  });
});

test("a value that does not fit is named, and its ledger leaves nothing behind", async () => {
  await inTemporaryFolder(async (folder) => {
    const { sink } = await opened({ path: folder });
    const good = { ...transferRows(1, 1)[0] };
    const huge = { ...good, event_id: "test-2-1", amount: `${10n ** 31n}` };
    await assert.rejects(
      async () => await sink.write(testBatch(2, [transfers, [good, huge]])),
      errorOf("sink/value-out-of-range", "test-2-1", "amount", "38 digits"),
    );
    const missing = { ...good, event_id: "test-2-2", ledger_sequence: null };
    await assert.rejects(
      async () => await sink.write(testBatch(2, [transfers, [missing]])),
      errorOf("sink/value-out-of-range", "ledger_sequence"),
    );
    await sink.write(ledger(3));
    await sink.commit("final");
    await sink.close();
    assert.deepEqual(parquetNames(folder), ["transfers-0000000003-0000000003.parquet"]);
  });
});

test("types without a schema go into one file, types that share a table are refused", async () => {
  await inTemporaryFolder(async (folder) => {
    const row = (sequence: number): Row => ({
      event_id: `e${sequence}`,
      event_type: "custom.thing",
      ledger_sequence: BigInt(sequence),
      content_type: "application/json",
      metadata: {},
      payload: { n: 2n ** 70n },
    });
    const { sink } = await opened({ path: folder });
    await sink.write(testBatch(1, [opaqueEventType("custom.thing"), [row(1)]]));
    await sink.write(testBatch(2, [opaqueEventType("custom.thing"), [row(2)]]));
    await assert.rejects(
      async () => await sink.write(testBatch(3, [opaqueEventType("custom/thing"), [row(3)]])),
      errorOf("sink/schema-mismatch", "custom.thing", "custom/thing"),
    );
    await sink.commit("final");
    await sink.close();
    const rows = await parquetRows(join(folder, "custom_thing-0000000001-0000000002.parquet"));
    assert.deepEqual(rows.map((r) => r["event_id"]), ["e1", "e2"]);
  });
});

test("what is beyond the buffer waits on disk, one table's row group at a time", async () => {
  await inTemporaryFolder(async (folder) => {
    const spool = join(folder, ".flowctl-parquet");
    const { sink } = await opened({ path: folder, buffer_bytes: "2KiB" });
    await writeAll(sink, 1, 14);
    assert.ok(existsSync(spool));
    assert.deepEqual(parquetNames(folder), [], "not under a name that readers look for");
    await writeAll(sink, 15);
    await sink.commit("final");
    await sink.close();
    assert.ok(!existsSync(spool));
    const file = join(folder, "transfers-0000000001-0000000032.parquet");
    assert.ok(parquetGroups(file) > 3);
    const rows = await parquetRows(file);
    const ids = Array.from({ length: LEDGERS }, (_, index) => ledger(index + 1).groups)
      .flatMap(([group]) => group?.rows.map((row) => row["event_id"]) ?? []);
    assert.deepEqual(rows.map((row) => row["event_id"]), ids);
  });
});

test("what a killed run left on disk is gone after the next start", async () => {
  await inTemporaryFolder(async (folder) => {
    const spool = join(folder, ".flowctl-parquet");
    mkdirSync(spool);
    writeFileSync(join(spool, "0"), "half a row group");
    const { sink } = await opened({ path: folder });
    assert.ok(!existsSync(spool));
    await sink.close();
  });
});

test("a disk that cannot take row groups is told by commit, not blamed on rows", async () => {
  await inTemporaryFolder(async (folder) => {
    const { sink } = await opened({ path: folder, buffer_bytes: "1KiB" });
    // A file where the spool's folder should be.
    writeFileSync(join(folder, ".flowctl-parquet"), "");
    await writeAll(sink, 1, 14);
    await assert.rejects(sink.commit("interval"), errorOf("sink/rejected", ".flowctl-parquet"));
    rmSync(join(folder, ".flowctl-parquet"));
    await sink.commit("interval");
    await writeAll(sink, 15);
    await sink.commit("final");
    await sink.close();
    await run({ path: join(folder, "other"), buffer_bytes: "1KiB" });
    const name = "transfers-0000000001-0000000032.parquet";
    assert.deepEqual(readFileSync(join(folder, name)), readFileSync(join(folder, "other", name)));
  });
});

test("rows encoded in other threads make the same files", async () => {
  await inTemporaryFolder(async (folder) => {
    const config = { path: join(folder, "encoded"), ledgers_per_file: 10, buffer_bytes: "2KiB" };
    const { sink } = await opened(config);
    const context = sinkContext(parquet, config);
    const encoders = [1, 2].map(() => parquet.encoder?.(context.spec.config));
    for (let sequence = 1; sequence <= LEDGERS; sequence++) {
      const batch = ledger(sequence);
      const encoded = encoders[sequence % 2]?.(batch) ?? assert.fail("no encoder");
      const { groups: _, bytes: __, ...key } = batch;
      const transfer = [...encoded.transfer];
      const data = structuredClone(encoded.data, { transfer });
      await sink.writeEncoded?.(key, { data, transfer: [] });
    }
    await sink.commit("final");
    await sink.close();
    const here = { ...config, path: join(folder, "here") };
    await run(here);
    assert.deepEqual(contents(join(folder, "encoded")), contents(here.path));
  });
});
