/** The walk over changes of ledger entries, and what is left of them at the end of a ledger. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { LedgerEntryChangeType } from "../src/gen/xdr/ledger-entry-change-type.ts";
import { LedgerEntryView } from "../src/gen/xdr/ledger-entry.ts";
import type { Row } from "../src/flow/batch.ts";
import { configSettingsTable } from "../src/processors/entries/config-settings.ts";
import { contractCodeTable } from "../src/processors/entries/contract-code.ts";
import { createEntryTable } from "../src/processors/entries/entry-table.ts";
import { createAccountData } from "../src/processors/entries/account-data.ts";
import { accountsTable } from "../src/processors/entries/accounts.ts";
import { type EntryChange, entryOffset } from "../src/stellar/changes/entry-change.ts";
import { ledgerKeyXdr } from "../src/stellar/changes/entry-key.ts";
import { ledgerChanges } from "../src/stellar/changes/ledger-changes.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { openLedger } from "../src/stellar/ledger.ts";
import { changeLists } from "./support/change-lists.ts";
import { rowsOf } from "./support/golden.ts";
import { allLedgers, pubnetLake } from "./support/ledgers.ts";
import { makeLedgers, OPTIONS } from "./support/sandbox-ledgers.ts";
import { skip, why } from "./support/shared.ts";

const { ledgerEntryCreated, ledgerEntryUpdated, ledgerEntryRemoved, ledgerEntryRestored } =
  LedgerEntryChangeType;

function keyOf(bytes: Uint8Array, change: EntryChange): string {
  return ledgerKeyXdr(openLedger(bytes).xdr, entryOffset(change)).toString("base64");
}

function ledgersAtHand(): Uint8Array[] {
  const real = skip ? [] : allLedgers().map(({ bytes }) => bytes);
  return [...real, ...makeLedgers(5).map(({ bytes }) => bytes)];
}

test("every change in the bytes is found, with the key that the SDK gives it", () => {
  for (const bytes of ledgersAtHand()) {
    const ledger = openLedger(bytes);
    const found = ledgerChanges(ledger).every("all").filter(({ stage }) => stage !== "upgrade");
    const expected: string[] = [];
    for (const list of changeLists(ledger)) {
      for (const change of list) {
        const { created, updated, removed, restored } = change;
        const entry = created ?? updated ?? restored;
        if (removed !== undefined) expected.push(`removed ${removed.toXdrBase64()}`);
        if (entry !== undefined) expected.push(`${change.type} ${entry.toXdrBase64()}`);
      }
    }
    const ours = found.map((change) => {
      if (change.kind === ledgerEntryRemoved) return `removed ${keyOf(bytes, change)}`;
      return `${change.kind} ${new LedgerEntryView(ledger.xdr, entryOffset(change)).toXdrBase64()}`;
    });
    assert.deepEqual(ours.sort(), expected.sort());
  }
});

test("an entry's key is its LedgerKey", () => {
  for (const bytes of ledgersAtHand()) {
    const ledger = openLedger(bytes);
    for (const change of ledgerChanges(ledger).every("last").slice(0, 50)) {
      const decoded = xdr.LedgerKey.fromXDR(keyOf(bytes, change), "base64");
      assert.equal(decoded.toXDR("base64"), keyOf(bytes, change));
    }
  }
});

test("what is left of a ledger's changes follows from the first and the last of each entry", () => {
  for (const bytes of ledgersAtHand()) {
    const changes = ledgerChanges(openLedger(bytes));
    const byKey = Map.groupBy(changes.every("all"), (change) => keyOf(bytes, change));
    const last = new Map(changes.every("last").map((change) => [keyOf(bytes, change), change]));
    assert.equal(last.size, changes.every("last").length, "each entry once");
    for (const [key, all] of byKey) assert.equal(last.get(key)?.kind, expectedKind(all), key);
    for (const [key, { after, before }] of last) {
      const final = byKey.get(key)?.at(-1);
      assert.equal(after, final?.after);
      if (after === undefined) assert.notEqual(before, undefined);
    }
  }
});

function expectedKind(all: readonly EntryChange[]): number | undefined {
  const [first] = all;
  const restored = all.some(({ kind }) => kind === ledgerEntryRestored);
  const existed = first?.kind !== ledgerEntryCreated;
  const exists = all.at(-1)?.kind !== ledgerEntryRemoved;
  if (!existed) return exists ? ledgerEntryCreated : undefined;
  if (!exists) return ledgerEntryRemoved;
  return restored ? ledgerEntryRestored : ledgerEntryUpdated;
}

/** A ledger whose only changes are those of an upgrade. */
function upgradeLedger(changes: xdr.LedgerEntryChangeWire[]): Uint8Array {
  const [made] = makeLedgers(1);
  assert.ok(made);
  const upgrade: xdr.LedgerUpgradeWire = { type: 1, newLedgerVersion: 23 };
  return xdr.LedgerCloseMeta.schema.encode({
    v: 2,
    v2: { ...made.ledger, upgradesProcessing: [{ upgrade, changes }] },
  });
}

function entryOf(data: xdr.LedgerEntryDataWire): xdr.LedgerEntryWire {
  return { lastModifiedLedgerSeq: 1, data, ext: { v: 0 } };
}

async function upgradeRows(
  table: typeof configSettingsTable,
  changes: xdr.LedgerEntryChangeWire[],
): Promise<Row[]> {
  const batch = ledgerBatch({
    source: "one",
    network: OPTIONS.passphrase,
    bytes: upgradeLedger(changes),
  });
  const { groups } = await createEntryTable(table, { changes: "last" }).process(batch);
  return groups.flatMap(({ rows }) => rows);
}

test("an upgrade's settings are rows", async () => {
  const clusters = (count: number): xdr.LedgerEntryWire =>
    entryOf({
      type: 8,
      configSetting: {
        configSettingID: 14,
        contractParallelCompute: { ledgerMaxDependentTxClusters: count },
      },
    });
  const window: xdr.LedgerEntryWire = entryOf({
    type: 8,
    configSetting: { configSettingID: 12, liveSorobanStateSizeWindow: [7n, 2n ** 40n] },
  });
  const rows = await upgradeRows(configSettingsTable, [
    { type: 3, state: clusters(4) },
    { type: 1, updated: clusters(8) },
    { type: 0, created: window },
  ]);
  assert.deepEqual(rows.map((row) => Object.keys(row)), [
    configSettingsTable.event.columns.map(({ name }) => name),
    configSettingsTable.event.columns.map(({ name }) => name),
  ]);
  const [first, second] = rows;
  assert.equal(first?.["config_setting_id"], 14);
  assert.equal(first?.["ledger_max_dependent_tx_clusters"], 8n);
  assert.equal(first?.["ledger_entry_change"], 1);
  assert.equal(first?.["tx_max_instructions"], 0n);
  assert.deepEqual(second?.["live_soroban_state_size_window"], [7n, 2n ** 40n]);
  assert.match(String(second?.["event_id"]), /-u0-1$/);
});

test("contract code has its hash and what it consists of", async () => {
  const hash = new Uint8Array(32).fill(7);
  const costInputs = {
    ext: { v: 0 as const },
    nInstructions: 11,
    nFunctions: 12,
    nGlobals: 13,
    nTableEntries: 14,
    nTypes: 15,
    nDataSegments: 16,
    nElemSegments: 17,
    nImports: 18,
    nExports: 19,
    nDataSegmentBytes: 20,
  };
  const created = entryOf({
    type: 7,
    contractCode: {
      ext: { v: 1, v1: { ext: { v: 0 }, costInputs } },
      hash,
      code: new Uint8Array([1, 2, 3]),
    },
  });
  const [row] = await upgradeRows(contractCodeTable, [{ type: 0, created }]);
  assert.equal(row?.["contract_code_hash"], "07".repeat(32));
  assert.equal(row?.["contract_code_ext_v"], 1);
  assert.equal(row?.["n_instructions"], 11n);
  assert.equal(row?.["n_data_segment_bytes"], 20n);
  assert.match(String(row?.["ledger_key_hash"]), /^[0-9a-f]{64}$/);
});

test("a removal without the state before it is an error that names the byte", async () => {
  const removed: xdr.LedgerKeyWire = { type: 9, ttl: { keyHash: new Uint8Array(32) } };
  await assert.rejects(upgradeRows(configSettingsTable, [{ type: 2, removed }]), {
    code: "xdr/malformed",
    message: /^ledger 2: LedgerEntryChange at byte \d+: a removal without the state before it$/,
  });
});

test(`all changes name transaction and operation${why}`, { skip }, async () => {
  const rows = await rowsOf(createEntryTable(accountsTable, { changes: "all" }), pubnetLake());
  assert.equal(new Set(rows.map((row) => row["event_id"])).size, rows.length);
  const byOperation = rows.filter((row) => row["operation_id"] !== null);
  assert.ok(byOperation.length > 0 && byOperation.length < rows.length);
  for (const row of rows) {
    assert.match(String(row["transaction_hash"]), /^[0-9a-f]{64}$/);
    if (typeof row["operation_id"] !== "bigint") continue;
    assert.equal(row["operation_id"] >> 12n, BigInt(String(row["transaction_id"])) >> 12n);
  }
});

test(`"account-data" is the accounts, with their signers${why}`, { skip }, async () => {
  const ledgers = pubnetLake();
  const accounts = await rowsOf(createEntryTable(accountsTable, { changes: "last" }), ledgers);
  const data = await rowsOf(createAccountData({ accounts: [], changes: "last" }), ledgers);
  assert.deepEqual(data.map(({ signers: _, ...rest }) => rest), accounts);
  for (const row of data) {
    const signers = row["signers"] as { signer: string; weight: number }[];
    const own = signers.find(({ signer }) => signer === row["account_id"])?.weight ?? 0;
    assert.equal(own, row["master_weight"]);
  }
  const [first] = accounts;
  const only = { accounts: [String(first?.["account_id"])], changes: "last" as const };
  const kept = await rowsOf(createAccountData(only), ledgers);
  assert.deepEqual(new Set(kept.map((row) => row["account_id"])), new Set(only.accounts));
  assert.throws(() => createAccountData({ accounts: ["GABC"], changes: "last" }), {
    code: "spec/invalid",
  });
});
