import { test } from "node:test";
import type { Row } from "../src/flow/batch.ts";
import { accountsTable } from "../src/processors/entries/accounts.ts";
import { claimableBalancesTable } from "../src/processors/entries/claimable-balances.ts";
import { configSettingsTable } from "../src/processors/entries/config-settings.ts";
import { contractCodeTable } from "../src/processors/entries/contract-code.ts";
import { contractDataTable } from "../src/processors/entries/contract-data.ts";
import { createEntryTable, type EntryTable } from "../src/processors/entries/entry-table.ts";
import { liquidityPoolsTable } from "../src/processors/entries/liquidity-pools.ts";
import { offersTable } from "../src/processors/entries/offers.ts";
import { restoredKeysTable } from "../src/processors/entries/restored-keys.ts";
import { signersTable } from "../src/processors/entries/signers.ts";
import { trustlinesTable } from "../src/processors/entries/trustlines.ts";
import { ttlTable } from "../src/processors/entries/ttl.ts";
import { compareRows, type GoldenRow, goldenRows, rowsOf } from "./support/golden.ts";
import {
  captiveCore,
  pubnetLake,
  pubnetP13,
  singleAndClassic,
  testnetLake,
} from "./support/ledgers.ts";
import type { RealLedger } from "./support/ledgers.ts";
import { sharedMissing } from "./support/shared.ts";

const skip = sharedMissing !== false;
const why = sharedMissing === false ? "" : ` (skipped: ${sharedMissing})`;

const folders: Readonly<Record<string, () => RealLedger[]>> = {
  "pubnet-lake": pubnetLake,
  "pubnet-p13": pubnetP13,
  "single-and-classic": singleAndClassic,
  "testnet-lake": testnetLake,
  "captive-core": () => captiveCore().slice(0, 10),
};

/** Columns that tell the entries of a ledger apart: Hubble's order inside a ledger is random. */
const tables: readonly (readonly [string, EntryTable, readonly string[]])[] = [
  ["accounts", accountsTable, ["account_id"]],
  ["signers", signersTable, ["account_id", "signer"]],
  ["trustlines", trustlinesTable, ["ledger_key"]],
  ["offers", offersTable, ["offer_id"]],
  ["claimable-balances", claimableBalancesTable, ["balance_id"]],
  ["liquidity-pools", liquidityPoolsTable, ["liquidity_pool_id"]],
  ["contract-data", contractDataTable, ["ledger_key_hash"]],
  ["contract-code", contractCodeTable, ["contract_code_hash"]],
  ["config-settings", configSettingsTable, ["config_setting_id"]],
  ["ttl", ttlTable, ["key_hash"]],
  ["restored-keys", restoredKeysTable, ["ledger_key_hash"]],
];

function sorted<T extends Row | GoldenRow>(rows: readonly T[], key: readonly string[]): T[] {
  const columns = ["ledger_sequence", ...key];
  const text = (row: T) => columns.map((column) => String(row[column])).join(" ");
  const keyed = rows.map((row): [string, T] => [text(row), row]);
  return keyed.sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row);
}

for (const [folder, ledgers] of Object.entries(folders)) {
  for (const [name, table, key] of tables) {
    test(`${name} of ${folder} equal Hubble's${why}`, { skip }, async () => {
      const rows = await rowsOf(createEntryTable(table, { changes: "last" }), ledgers());
      const golden = goldenRows(folder, table.event.table);
      compareRows(table.event, sorted(rows, key), sorted(golden, key));
    });
  }
}
