import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../src/flow/batch.ts";
import { createPayments } from "../src/processors/payments/payments.ts";
import { decimalOfDigits } from "../src/stellar/amount.ts";
import { type GoldenRow, goldenRows, rowsOf } from "./support/golden.ts";
import { pubnetLake, pubnetP13, singleAndClassic, testnetLake } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

interface Filter {
  readonly min_amount: number;
  readonly assets: readonly string[];
  readonly accounts: readonly string[];
  readonly memos: readonly string[];
}

const EVERYTHING: Filter = { min_amount: 0, assets: [], accounts: [], memos: [] };

const folders = {
  "pubnet-lake": pubnetLake,
  "pubnet-p13": pubnetP13,
  "single-and-classic": singleAndClassic,
  "testnet-lake": testnetLake,
};

const PAYMENTS: readonly unknown[] = [
  "payment",
  "create_account",
  "account_merge",
  "path_payment_strict_send",
  "path_payment_strict_receive",
];

/** Hubble's effects by operation, and the types of its operations. */
function hubble(folder: string) {
  const types = new Map<unknown, unknown>();
  for (const { id, type_string } of goldenRows(folder, "operations")) types.set(id, type_string);
  const effects = new Map<unknown, GoldenRow[]>();
  for (const effect of goldenRows(folder, "effects")) {
    const id = effect["operation_id"];
    effects.set(id, [...(effects.get(id) ?? []), effect]);
  }
  return { types, effects };
}

/** Whether an effect says that the address got, or gave, the amount. */
function says(effects: readonly GoldenRow[], kind: string, address: unknown, amount: unknown) {
  return effects.some(({ type_string, address: on, details }) => {
    const { amount: moved, starting_balance } = details as Record<string, string>;
    const digits = (moved ?? starting_balance ?? "").replace(".", "").replace(/^0+(?=\d)/, "");
    const named = type_string === kind || (kind === "account_credited" && starting_balance);
    return named && on === address && decimalOfDigits(digits) === amount;
  });
}

for (const [folder, ledgers] of Object.entries(folders)) {
  test(`payments of ${folder} are what Hubble's effects say${why}`, { skip }, async () => {
    const { types, effects } = hubble(folder);
    const rows = await rowsOf(createPayments(EVERYTHING), ledgers());
    const ids = rows.map((row) => row["operation_id"]);
    const expected = [...effects.keys()].filter((id) => PAYMENTS.includes(types.get(id)));
    assert.deepEqual(ids.map(Number), expected.map(Number));
    for (const row of rows) {
      const id = row["operation_id"];
      const said = effects.get(id) ?? effects.get(Number(id)) ?? [];
      assert.equal(row["type"], types.get(id) ?? types.get(Number(id)));
      assert.ok(says(said, "account_credited", row["to"], row["amount"]), `credit of ${id}`);
      assert.ok(says(said, "account_debited", row["from"], row["source_amount"]), `debit of ${id}`);
    }
  });
}

test(`payments are kept by amount, asset, account and memo${why}`, { skip }, async () => {
  const all = await rowsOf(createPayments(EVERYTHING), pubnetLake());
  const kept = async (config: Partial<Filter>, keep: (row: Row) => boolean) => {
    const rows = await rowsOf(createPayments({ ...EVERYTHING, ...config }), pubnetLake());
    assert.deepEqual(rows, all.filter(keep));
    assert.ok(rows.length > 0 && rows.length < all.length, `${rows.length} of ${all.length}`);
  };
  const account = String(all[0]?.["to"]);
  const memo = String(all.find((row) => row["memo"] !== "")?.["memo"]);
  await kept({ min_amount: 12.5 }, (row) => Number(row["amount"]) >= 12.5);
  await kept({ assets: ["XLM"] }, (row) => row["asset"] === "native");
  await kept({ assets: ["USDC"] }, (row) => /^USDC:/.test(String(row["asset"])));
  await kept(
    { accounts: [account] },
    (row) => row["from"] === account || row["to"] === account,
  );
  await kept({ memos: [memo] }, (row) => row["memo"] === memo);
});

test("an asset or an account that is none is an error of the config", () => {
  assert.throws(() => createPayments({ ...EVERYTHING, assets: ["U$D"] }), {
    code: "spec/invalid",
    message: /assets: U\$D is no asset/,
  });
  assert.throws(() => createPayments({ ...EVERYTHING, accounts: ["GABC"] }), {
    code: "spec/invalid",
    message: /accounts: GABC is no account/,
  });
});
