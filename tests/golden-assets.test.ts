import assert from "node:assert/strict";
import { test } from "node:test";
import { assetEvent } from "../src/events/asset.ts";
import type { Row } from "../src/flow/batch.ts";
import { createAssets } from "../src/processors/assets/assets.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import {
  captiveCore,
  pubnetLake,
  pubnetP13,
  singleAndClassic,
  testnetLake,
} from "./support/ledgers.ts";
import type { RealLedger } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

/** The runs of Hubble's exporter: each has every asset once. */
const folders: Readonly<Record<string, () => RealLedger[][]>> = {
  "pubnet-lake": () => [pubnetLake()],
  "pubnet-p13": () => [pubnetP13().slice(0, 1), pubnetP13().slice(1)],
  "single-and-classic": () => singleAndClassic().map((ledger) => [ledger]),
  "testnet-lake": () => [testnetLake()],
  "captive-core": () => [captiveCore().slice(0, 10)],
};

for (const [folder, runs] of Object.entries(folders)) {
  test(`assets of ${folder} equal Hubble's, in order${why}`, { skip }, async () => {
    const golden = [...goldenRows(folder, "assets")];
    for (const ledgers of runs()) {
      const rows = await rowsOf(createAssets({}), ledgers);
      compareRows(assetEvent, rows, golden.splice(0, rows.length));
    }
    assert.deepEqual(golden, []);
  });
}

test(`a restored run goes on without repeating an asset${why}`, { skip }, async () => {
  const ledgers = pubnetLake();
  const whole = await rowsOf(createAssets({}), ledgers);
  for (const cut of [1, 4, 9]) {
    const first = createAssets({});
    const rows: Row[] = await rowsOf(first, ledgers.slice(0, cut));
    const second = createAssets({});
    second.restore?.(JSON.parse(JSON.stringify(first.snapshot?.() ?? null)));
    rows.push(...await rowsOf(second, ledgers.slice(cut)));
    assert.deepEqual(rows, whole);
    assert.deepEqual(second.snapshot?.(), await snapshotAfter(ledgers));
  }
});

async function snapshotAfter(ledgers: readonly RealLedger[]): Promise<unknown> {
  const processor = createAssets({});
  await rowsOf(processor, ledgers);
  return processor.snapshot?.();
}
