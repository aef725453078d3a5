import assert from "node:assert/strict";
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
import { goldenFolders } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

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

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  for (const [name, table, key] of tables) {
    test(`${name} of ${folder} equal Hubble's${why}`, { skip }, async () => {
      const rows = await rowsOf(createEntryTable(table, { changes: "last" }), ledgers());
      const golden = goldenRows(folder, table.event.table);
      compareRows(table.event, sorted(rows, key), sorted(golden, key));
    });
  }
}

/** Columns that tell what the ledger did with an entry rather than how it stands. */
const OF_THE_CHANGE: ReadonlySet<string> = new Set([
  "event_id",
  "ledger_entry_change",
  "deleted",
  "transaction_hash",
  "transaction_id",
  "operation_id",
]);

test(`the last of all changes of an entry is the row that Hubble has${why}`, { skip }, async () => {
  let compared = 0;
  for (const ledger of Object.values(goldenFolders).flatMap((of) => of())) {
    for (const [name, table, key] of tables) {
      const [all, last] = await Promise.all(
        (["all", "last"] as const).map((changes) =>
          rowsOf(createEntryTable(table, { changes }), [ledger])
        ),
      );
      assert.ok(all && last);
      const where = `${name} of ${ledger.name}`;
      assert.equal(new Set(all.map((row) => row["event_id"])).size, all.length, where);
      const byEntry = Map.groupBy(all, (row) => key.map((column) => String(row[column])).join(" "));
      for (const row of last) {
        const entry = key.map((column) => String(row[column])).join(" ");
        const final = byEntry.get(entry)?.at(-1);
        assert.ok(final, `${where}: ${entry}`);
        // The last change of an account may have left its signers as they were.
        if (name !== "signers") assert.equal(final["event_id"], row["event_id"], where);
        assert.equal(final["deleted"], row["deleted"], where);
        // Of one that is gone, one form shows it before its removal, the other before the ledger.
        if (row["deleted"] === true) continue;
        assert.deepEqual(stateOf(final), stateOf(row), where);
        compared++;
      }
      // An entry without a row has come and gone within the ledger.
      const rest = [...byEntry.keys()].length - last.length;
      const gone = [...byEntry.values()].filter((rows) => rows.at(-1)?.["deleted"] === true).length;
      assert.ok(rest <= gone, `${where}: ${rest} entries without a row, ${gone} are gone`);
    }
  }
  assert.ok(compared > 10_000, `${compared} rows`);
});

function stateOf(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !OF_THE_CHANGE.has(column)));
}
