import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  memorySlot,
  sinkContext,
  testBatch,
  transferRows,
  transferType,
} from "../../../tests/support/sink-context.ts";
import { onSmallDisk, smallDiskMissing } from "../../../tests/support/small-disk.ts";
import type { SinkDefinition } from "../../flow/component.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { csv } from "../csv.ts";
import { jsonl } from "../jsonl.ts";
import { parquet } from "../parquet/definition.ts";

const DISK_BYTES = 1024 * 1024;
const LEDGERS = 60;
const transfers = transferType();
const skipped = smallDiskMissing === false ? "" : ` (skipped: ${smallDiskMissing})`;

/** Rows that no compression makes small: 60 ledgers are about 600 KB of them. */
function ledger(sequence: number) {
  let state = sequence;
  const noise = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state.toString(36);
  };
  const rows = transferRows(sequence, 50).map((row) => ({
    ...row,
    memo: Array.from({ length: 25 }, noise).join(""),
  }));
  return testBatch(sequence, [transfers, rows]);
}

async function writeAll(definition: SinkDefinition, path: string, slot = memorySlot()) {
  const sink = await definition.create(sinkContext(definition, { path }, { slot }));
  try {
    const from = ((await sink.open()).get("lake") ?? 0) + 1;
    for (let sequence = from; sequence <= LEDGERS; sequence++) await sink.write(ledger(sequence));
    await sink.commit("final");
  } finally {
    await sink.close();
  }
}

for (const definition of [jsonl, csv, parquet]) {
  const name = `${definition.name}: a full disk is named; with space the rerun has every row once`;
  test(name + skipped, { skip: skipped !== "" }, async () => {
    await onSmallDisk(DISK_BYTES, async (folder) => {
      const slot = memorySlot();
      const path = definition === parquet ? join(folder, "out") : join(folder, "rows");
      const ballast = join(folder, "ballast");
      writeFileSync(ballast, new Uint8Array(DISK_BYTES - 128 * 1024));
      await assert.rejects(writeAll(definition, path, slot), (error: unknown) => {
        assert.ok(error instanceof FlowctlError);
        assert.equal(error.code, "sink/disk-full");
        assert.match(error.hint ?? "", /Free some space/);
        return true;
      });
      assert.equal(slot.load()?.positions.size ?? 0, 0, "the checkpoint must not move");
      rmSync(ballast);
      await writeAll(definition, path, slot);
      await onSmallDisk(DISK_BYTES, async (other) => {
        await writeAll(definition, join(other, "rows"));
        const file = definition === parquet ? "/transfers-0000000001-0000000060.parquet" : "";
        assert.deepEqual(readFileSync(path + file), readFileSync(join(other, "rows") + file));
      });
    });
  });
}

test(
  `a commit that found the disk full can be repeated${skipped}`,
  { skip: skipped !== "" },
  async () => {
    await onSmallDisk(DISK_BYTES, async (folder) => {
      const ballast = join(folder, "ballast");
      const path = join(folder, "rows");
      writeFileSync(ballast, new Uint8Array(DISK_BYTES - 128 * 1024));
      const sink = await jsonl.create(sinkContext(jsonl, { path }));
      await sink.open();
      for (let sequence = 1; sequence <= LEDGERS; sequence++) await sink.write(ledger(sequence));
      await assert.rejects(sink.commit("interval"), (error: unknown) => {
        return error instanceof FlowctlError && error.retryable;
      });
      rmSync(ballast);
      assert.deepEqual([...await sink.commit("interval")], [["lake", LEDGERS]]);
      await sink.close();
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      assert.equal(lines.length, LEDGERS * 50);
      for (const line of lines) JSON.parse(line);
    });
  },
);
