import assert from "node:assert/strict";
import { test } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { ledgerHeaderEvent } from "../src/events/ledger-header.ts";
import { createLedgers } from "../src/processors/ledgers.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { goldenFolders, pubnetLake } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(`ledgers of ${folder} equal Hubble's${why}`, { skip }, async () => {
    const rows = await rowsOf(createLedgers({}), ledgers());
    compareRows(ledgerHeaderEvent, rows, goldenRows(folder, "ledgers"));
  });
}

test(`evicted keys are their types and XDR${why}`, { skip }, async () => {
  const [ledger] = pubnetLake();
  assert.ok(ledger);
  const meta = xdr.LedgerCloseMeta.fromXdr(ledger.bytes);
  assert.ok(meta.type === "v2");
  const key = xdr.LedgerKey.ttl(new xdr.LedgerKeyTtl({ keyHash: new Uint8Array(32).fill(9) }));
  meta.v2.evictedKeys.push(key);
  const [row] = await rowsOf(createLedgers({}), [{ ...ledger, bytes: meta.toXdr() }]);
  assert.deepEqual(row?.["evicted_ledger_keys_type"], ["LedgerEntryTypeTtl"]);
  assert.deepEqual(row?.["evicted_ledger_keys_hash"], [
    Buffer.from(key.toXdr()).toString("base64"),
  ]);
});
