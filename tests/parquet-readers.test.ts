/**
 * What others read from our Parquet files: pyarrow and DuckDB, every table that we have of the real
 * ledgers, value for value the rows that JSON lines have.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { catalogue } from "../src/catalogue.ts";
import type { EventType } from "../src/events/event-type.ts";
import { createRowWriter } from "../src/events/json-rows.ts";
import { ledgerEvent } from "../src/events/ledger.ts";
import type { Batch, EventGroup } from "../src/flow/batch.ts";
import { withGroups } from "../src/flow/batch.ts";
import type { Processor } from "../src/flow/component.ts";
import { parquet } from "../src/sinks/parquet/definition.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import {
  captiveCore,
  pubnetLake,
  pubnetP13,
  singleAndClassic,
  testnetLake,
} from "./support/ledgers.ts";
import type { RealLedger } from "./support/ledgers.ts";
import { python, pythonMissing } from "./support/python.ts";
import { sharedMissing } from "./support/shared.ts";
import { sinkContext, testContext } from "./support/sink-context.ts";
import { temporaryFolder } from "./support/temporary.ts";

const SCRIPT = fileURLToPath(new URL("./peers/python/compare_parquet.py", import.meta.url));
const missing = pythonMissing || sharedMissing;
const skip = missing !== false;
const why = skip ? ` (skipped: ${missing})` : "";

/** Each processor of ledgers but `hubble`, which would give the same tables again. */
async function allProcessors(): Promise<Processor[]> {
  const processors: Processor[] = [];
  for (const definition of catalogue) {
    if (definition.role !== "processor" || definition.name === "hubble") continue;
    if (!definition.accepts.includes(ledgerEvent.name)) continue;
    processors.push(await definition.create(testContext(definition, {})));
  }
  return processors;
}

/** Raw ledgers are a table as well. */
async function everything(processors: readonly Processor[], ledger: Batch): Promise<Batch> {
  const groups: EventGroup[] = [...ledger.groups];
  for (const processor of processors) groups.push(...(await processor.process(ledger)).groups);
  return withGroups(ledger, groups);
}

interface Table {
  readonly type: EventType;
  readonly write: ReturnType<typeof createRowWriter>;
  readonly lines: string[];
}

async function writeBoth(folder: string, ledgers: readonly RealLedger[]): Promise<string[]> {
  const processors = await allProcessors();
  const tables = new Map<string, Table>();
  const path = join(folder, "{table}");
  // Small enough for several row groups of the larger tables.
  const config = { path, buffer_bytes: "8MiB", ledgers_per_file: 1_000_000 };
  const sink = await parquet.create(sinkContext(parquet, config));
  await sink.open();
  for (const { bytes, passphrase } of ledgers) {
    const ledger = ledgerBatch({ source: "lake", network: passphrase, bytes });
    const batch = await everything(processors, ledger);
    await sink.write(batch);
    for (const { type, rows } of batch.groups) {
      if (rows.length === 0) continue;
      const table = tables.get(type.table) ?? { type, write: createRowWriter(type), lines: [] };
      tables.set(type.table, table);
      for (const row of rows) table.lines.push(`${table.write(row)}\n`);
    }
  }
  await sink.commit("final");
  await sink.close();
  for (const [name, { lines }] of tables) {
    writeFileSync(join(folder, `${name}.jsonl`), lines.join(""));
  }
  const columns = [...tables].map(([name, { type }]) => [
    name,
    Object.fromEntries(type.columns.map(({ name, type, nullable }) => [name, [type, nullable]])),
  ]);
  writeFileSync(join(folder, "columns.json"), JSON.stringify(Object.fromEntries(columns)));
  return [...tables.keys()];
}

const folders: Readonly<Record<string, () => readonly RealLedger[]>> = {
  "pubnet-lake": pubnetLake,
  "pubnet-p13": pubnetP13,
  "single-and-classic": singleAndClassic,
  "testnet-lake": testnetLake,
  "captive-core": () => captiveCore().slice(0, 3),
};

for (const [name, ledgers] of Object.entries(folders)) {
  test(`pyarrow and DuckDB read all tables of ${name} as they were written${why}`, {
    skip,
  }, async () => {
    using folder = temporaryFolder();
    const tables = await writeBoth(folder.path, ledgers());
    const child = spawnSync(python, [SCRIPT, folder.path], { encoding: "utf8" });
    assert.equal(child.status, 0, child.stderr);
    assert.equal(child.stdout.trim().split("\n").length, tables.length, child.stdout);
  });
}
