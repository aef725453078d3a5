/**
 * Double entry: for every account, balance, pool and contract, and every asset, what the transfers
 * of a ledger add up to is by how much the ledger's own entries changed.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AssetType } from "../src/gen/xdr/asset-type.ts";
import type { LedgerEntryChangeView } from "../src/gen/xdr/ledger-entry-change.ts";
import type { LedgerEntryDataView } from "../src/gen/xdr/ledger-entry-data.ts";
import type { Row } from "../src/flow/batch.ts";
import { createTokenTransfer } from "../src/processors/token-transfer/token-transfer.ts";
import {
  accountAddress,
  claimableBalanceAddress,
  contractAddress,
  poolAddress,
  scAddress,
} from "../src/stellar/address.ts";
import { type AssetBook, createAssetBook } from "../src/stellar/asset.ts";
import { assetAt } from "../src/stellar/derive/asset-at.ts";
import { pairChanges } from "../src/stellar/derive/entry-changes.ts";
import { changeLists } from "./support/change-lists.ts";
import { Ledger } from "../src/stellar/ledger.ts";
import { rowsOf } from "./support/golden.ts";
import {
  allLedgers,
  pubnetLake,
  pubnetP13,
  type RealLedger,
  singleAndClassic,
} from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

/** Amounts by holder and the asset's contract. */
class Balances {
  readonly #amounts = new Map<string, bigint>();

  add(holder: string, contract: string, amount: bigint): void {
    const key = `${holder} ${contract}`;
    this.#amounts.set(key, (this.#amounts.get(key) ?? 0n) + amount);
  }

  entries(): Map<string, bigint> {
    return new Map([...this.#amounts].filter(([, amount]) => amount !== 0n).sort());
  }
}

function fromTransfers(rows: readonly Row[]): Map<string, bigint> {
  const balances = new Balances();
  for (const row of rows) {
    // A contract token may keep its balances as it likes: only assets have entries that we know.
    if (row["asset"] === "") continue;
    const contract = String(row["contract_id"]);
    const amount = BigInt(String(row["amount_raw"]));
    if (row["from"] !== null) balances.add(String(row["from"]), contract, -amount);
    if (row["to"] !== null) balances.add(String(row["to"]), contract, amount);
  }
  return balances.entries();
}

function fromEntries({ bytes, passphrase }: RealLedger, touched: ReadonlySet<string>) {
  const assets = createAssetBook(passphrase);
  const balances = new Balances();
  for (const changes of changeLists(new Ledger(bytes))) {
    addChanges(balances, changes, assets, touched);
  }
  return balances.entries();
}

function addChanges(
  balances: Balances,
  changes: Iterable<LedgerEntryChangeView>,
  assets: AssetBook,
  touched: ReadonlySet<string>,
): void {
  for (const { before, after } of pairChanges(changes)) {
    for (const [entry, sign] of [[before, -1n], [after, 1n]] as const) {
      if (entry === undefined) continue;
      for (const [holder, contract, amount] of holdings(entry, assets, touched)) {
        balances.add(holder, contract, sign * amount);
      }
    }
  }
}

function* holdings(
  { account, trustLine, claimableBalance, liquidityPool, contractData }: LedgerEntryDataView,
  assets: AssetBook,
  touched: ReadonlySet<string>,
): IterableIterator<[string, string, bigint]> {
  if (account !== undefined) {
    const holder = accountAddress(account.xdr, account.accountIdOffset);
    yield [holder, assets.native.contract, account.balance];
  }
  if (trustLine !== undefined && trustLine.asset.type !== AssetType.assetTypePoolShare) {
    const holder = accountAddress(trustLine.xdr, trustLine.accountIdOffset);
    yield [holder, assetAt(trustLine.asset, assets).contract, trustLine.balance];
  }
  if (claimableBalance !== undefined) {
    const { xdr, balanceIdOffset, asset, amount } = claimableBalance;
    const holder = claimableBalanceAddress(xdr, balanceIdOffset);
    yield [holder, assetAt(asset, assets).contract, amount];
  }
  const pool = liquidityPool?.body.constantProduct;
  if (liquidityPool !== undefined && pool !== undefined) {
    const holder = poolAddress(liquidityPool.xdr, liquidityPool.liquidityPoolIdOffset);
    yield [holder, assetAt(pool.params.assetA, assets).contract, pool.reserveA];
    yield [holder, assetAt(pool.params.assetB, assets).contract, pool.reserveB];
  }
  if (contractData === undefined) return;
  // An asset's contract keeps the balance of a contract under [Balance, address] as {amount, …}.
  const owner = contractData.contract.contractId;
  const [name, holder] = contractData.key.vec?.toArray() ?? [];
  if (owner === undefined || name?.sym !== "Balance" || holder?.address === undefined) return;
  const contract = contractAddress(contractData.contract.xdr, contractData.contract.offset + 4);
  if (!touched.has(contract)) return;
  for (const { key, val } of contractData.val.map ?? []) {
    if (key.sym !== "amount" || val.i128 === undefined) continue;
    const { hi, lo } = val.i128;
    yield [scAddress(holder.xdr, holder.offset + 4), contract, (hi << 64n) | lo];
  }
}

async function checkBalances(ledger: RealLedger, from: "derived" | "unified"): Promise<void> {
  const rows = await rowsOf(createTokenTransfer({ transfers_from: from }), [ledger]);
  const contracts = new Set(
    rows.filter(({ asset }) => asset !== "").map((row) => String(row["contract_id"])),
  );
  assert.deepEqual(fromTransfers(rows), fromEntries(ledger, contracts), ledger.name);
}

test(
  `derived transfers add up to the changes of balances, in every ledger${why}`,
  { skip },
  async () => {
    for (const ledger of allLedgers()) {
      await checkBalances(ledger, "derived");
    }
  },
);

test(`core's own events add up to the changes of balances${why}`, { skip }, async () => {
  for (const ledger of [...pubnetLake(), ...pubnetP13(), ...singleAndClassic().slice(-1)]) {
    await checkBalances(ledger, "unified");
  }
});
