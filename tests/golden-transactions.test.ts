import assert from "node:assert/strict";
import { test } from "node:test";
import { transactionEvent } from "../src/events/transaction.ts";
import { createTransactions } from "../src/processors/transactions/transactions.ts";
import { compareRows, goldenRows, rowsOf } from "./support/golden.ts";
import { goldenFolders, pubnetLake } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

for (const [folder, ledgers] of Object.entries(goldenFolders)) {
  test(`transactions of ${folder} equal Hubble's, in order${why}`, { skip }, async () => {
    const rows = await rowsOf(createTransactions({}), ledgers());
    const golden = goldenRows(folder, "transactions");
    compareRows(transactionEvent, rows, golden);
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        if (column === "event_id" || column in (golden[index] ?? {})) continue;
        assert.equal(value, null, `row ${index}, ${column}: Hubble leaves it out`);
      }
    }
  });
}

test(`another network's passphrase is an error that says so${why}`, { skip }, async () => {
  const wrong = createTransactions({ network_passphrase: "testnet" });
  await assert.rejects(() => rowsOf(wrong, pubnetLake().slice(0, 1)), {
    message: /^ledger 63092982, transaction 1 .*: the set has no transaction of that hash/,
    hint: /network_passphrase/,
  });
});
