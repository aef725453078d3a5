import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../src/flow/batch.ts";
import { createLargeTransactionDetector } from "../src/processors/large-transaction-detector.ts";
import { decimalOfDigits } from "../src/stellar/amount.ts";
import { goldenRows, rowsOf } from "./support/golden.ts";
import { pubnetLake } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

/** What a row and a golden transfer have in common. */
const movement = (hash: unknown, from: unknown, to: unknown, amount: unknown) =>
  [hash, from, to, amount].join(" ");

const movementOf = (row: Row) =>
  movement(
    row["transaction_hash"],
    row["source_account"],
    row["destination_account"],
    row["amount"],
  );

test(
  `lumens that move are transfers in Hubble, from the threshold up${why}`,
  { skip },
  async () => {
    const lumens = goldenRows("pubnet-lake", "token_transfers").filter((row) =>
      row["asset"] === "native" && row["event_topic"] === "transfer"
    );
    const transfers = new Set(
      lumens.map((row) =>
        movement(
          row["transaction_hash"],
          row["from"],
          row["to"],
          decimalOfDigits(String(row["amount_raw"])),
        )
      ),
    );
    const all = await rowsOf(createLargeTransactionDetector({ threshold_xlm: 0 }), pubnetLake());
    assert.ok(all.length > 100);
    for (const row of all) assert.ok(transfers.has(movementOf(row)), movementOf(row));
    const limit = 50;
    const large = all.filter((row) => Number(row["amount"]) >= limit);
    assert.ok(large.length > 0 && large.length < all.length);
    const found = await rowsOf(
      createLargeTransactionDetector({ threshold_xlm: limit }),
      pubnetLake(),
    );
    assert.deepEqual(found, large);
    const direct = new Set(
      goldenRows("pubnet-lake", "operations")
        .filter(({ type_string }) =>
          type_string === "invoke_host_function" || type_string === "create_account"
        )
        .map(({ id }) => String(id)),
    );
    const ours = new Set(all.map(movementOf));
    for (const row of lumens.filter((row) => direct.has(String(row["operation_id"])))) {
      const amount = decimalOfDigits(String(row["amount_raw"]));
      assert.ok(ours.has(movement(row["transaction_hash"], row["from"], row["to"], amount)));
    }
  },
);
