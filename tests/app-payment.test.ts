import assert from "node:assert/strict";
import { test } from "node:test";
import { appPaymentEvent } from "../src/events/app-payment.ts";
import { createAppPayment } from "../src/processors/app-payment.ts";
import { createPayments } from "../src/processors/payments/payments.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { rowsOf } from "./support/golden.ts";
import { pubnetLake } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

const ALL = { min_amount: 0, assets: [], accounts: [], memos: [] };

test(`app payments are the payments, from ledgers and from events${why}`, { skip }, async () => {
  const config = { ...ALL, assets: ["XLM"], min_amount: 1 };
  const payments = createPayments(config);
  const expected = await rowsOf(payments, pubnetLake());
  const direct = await rowsOf(createAppPayment(config), pubnetLake());
  assert.ok(expected.length > 10);
  assert.deepEqual(
    direct.map((row) => Object.values(row)),
    expected.map((row) => [
      row["event_id"],
      row["closed_at"],
      row["from"],
      row["to"],
      "native",
      row["amount"],
      row["type"],
      row["memo"],
      row["ledger_sequence"],
      row["transaction_hash"],
    ]),
  );
  const [ledger] = pubnetLake();
  assert.ok(ledger);
  const { bytes, passphrase } = ledger;
  const batch = ledgerBatch({ source: "test", network: passphrase, bytes });
  const made = await createAppPayment(ALL).process(await payments.process(batch));
  const sequence = BigInt(batch.sequence);
  assert.deepEqual(made.groups, [{
    type: appPaymentEvent,
    rows: direct.filter((row) => row["ledger_sequence"] === sequence),
  }]);
});
