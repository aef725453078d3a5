/** Kinds of operations that no ledger at hand has: what Hubble's exporter is written to say. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Asset, Keypair, Operation, StrKey, xdr } from "@stellar/stellar-sdk";
import { createEffects } from "../src/processors/effects/effects.ts";
import { createOperations } from "../src/processors/operations/operations.ts";
import { createTrades } from "../src/processors/trades/trades.ts";
import { type OneOperation, rowsOfOne } from "./support/one-operation.ts";

const keyOf = (byte: number) => new Uint8Array(32).fill(byte);
const addressOf = (byte: number) => StrKey.encodeEd25519PublicKey(Buffer.from(keyOf(byte)));
const account = (byte: number) => ({ type: 0, ed25519: keyOf(byte) }) as const;

const ISSUER = addressOf(1);
const SOURCE = addressOf(2);
const SPONSOR = addressOf(3);
const USD = new Asset("USD", ISSUER);
const usd = {
  type: 1,
  alphaNum4: { assetCode: new Uint8Array([85, 83, 68, 0]), issuer: account(1) },
} as const;
const native = { type: 0 } as const;
const POOL = keyOf(0xdd);
const POOL_HEX = "dd".repeat(32);

type Entry = xdr.LedgerEntryWire;

function entry(data: Entry["data"], sponsor?: number): Entry {
  const ext: Entry["ext"] = sponsor === undefined
    ? { v: 0 }
    : { v: 1, v1: { sponsoringId: account(sponsor), ext: { v: 0 } } };
  return { lastModifiedLedgerSeq: 1, data, ext };
}

const updated = (before: Entry, after: Entry): xdr.LedgerEntryChangeWire[] => [
  { type: 3, state: before },
  { type: 1, updated: after },
];

function poolEntry(reserveA: bigint, reserveB: bigint, totalPoolShares: bigint): Entry {
  const params = { assetA: native, assetB: usd, fee: 30 };
  const constantProduct = {
    params,
    reserveA,
    reserveB,
    totalPoolShares,
    poolSharesTrustLineCount: 2n,
  };
  const body = { type: 0, constantProduct } as const;
  return entry({ type: 5, liquidityPool: { liquidityPoolId: POOL, body } });
}

/** Details of the one operation, and type, address and details of its effects. */
async function shown(one: OneOperation) {
  const [operation] = await rowsOfOne(createOperations({}), one);
  const effects = await rowsOfOne(createEffects({}), one);
  return {
    details: operation?.["details"],
    trace: operation?.["operation_trace_code"],
    effects: effects.map((row) => [row["type_string"], row["address"], row["details"]]),
  };
}

const POOL_SHOWN = {
  id: POOL_HEX,
  fee_bp: 30,
  type: "constant_product",
  total_trustlines: "2",
};

test("a deposit shows what the pool's reserves gained", async () => {
  const { details, trace, effects } = await shown({
    operation: Operation.liquidityPoolDeposit({
      source: SOURCE,
      liquidityPoolId: POOL_HEX,
      maxAmountA: "10",
      maxAmountB: "20",
      minPrice: { n: 1, d: 3 },
      maxPrice: { n: 2, d: 1 },
    }),
    result: { type: 22, liquidityPoolDepositResult: { code: 0 } },
    changes: updated(poolEntry(50n, 70n, 5n), poolEntry(80n, 170n, 12n)),
  });
  assert.equal(trace, "LiquidityPoolDepositResultCodeLiquidityPoolDepositSuccess");
  assert.deepEqual(details, {
    liquidity_pool_id: POOL_HEX,
    liquidity_pool_id_strkey: StrKey.encodeLiquidityPool(Buffer.from(POOL)),
    reserve_a_asset_type: "native",
    reserve_a_asset_id: -5706705804583548011n,
    reserve_a_max_amount: "10.0000000",
    reserve_a_deposit_amount: "0.0000030",
    reserve_b_asset_type: "credit_alphanum4",
    reserve_b_asset_id: (details as { reserve_b_asset_id: bigint }).reserve_b_asset_id,
    reserve_b_asset_code: "USD",
    reserve_b_asset_issuer: ISSUER,
    reserve_b_max_amount: "20.0000000",
    reserve_b_deposit_amount: "0.0000100",
    min_price: 0.3333333,
    min_price_r: { n: 1, d: 3 },
    max_price: 2,
    max_price_r: { n: 2, d: 1 },
    shares_received: "0.0000007",
  });
  const liquidity_pool = {
    ...POOL_SHOWN,
    total_shares: "0.0000012",
    reserves: [
      { asset: "native", amount: "0.0000080" },
      { asset: `USD:${ISSUER}`, amount: "0.0000170" },
    ],
  };
  assert.deepEqual(effects, [["liquidity_pool_deposited", SOURCE, {
    liquidity_pool,
    reserves_deposited: [
      { asset: "native", amount: "0.0000030" },
      { asset: `USD:${ISSUER}`, amount: "0.0000100" },
    ],
    shares_received: "0.0000007",
  }]]);
});

test("a withdrawal of all shares removes the pool", async () => {
  const { details, effects } = await shown({
    operation: Operation.liquidityPoolWithdraw({
      source: SOURCE,
      liquidityPoolId: POOL_HEX,
      amount: "0.0000005",
      minAmountA: "0",
      minAmountB: "0",
    }),
    result: { type: 23, liquidityPoolWithdrawResult: { code: 0 } },
    changes: updated(poolEntry(50n, 70n, 5n), poolEntry(0n, 0n, 0n)),
  });
  const shownDetails = details as Record<string, unknown>;
  assert.equal(shownDetails["reserve_a_withdraw_amount"], "0.0000050");
  assert.equal(shownDetails["reserve_b_withdraw_amount"], "0.0000070");
  assert.equal(shownDetails["shares"], "0.0000005");
  assert.deepEqual(effects.map(([type]) => type), ["liquidity_pool_withdrew"]);
});

const DATA_NAME = new xdr.XdrString("key");

function dataEntry(value: number): Entry {
  const data = {
    accountId: account(2),
    dataName: DATA_NAME,
    dataValue: keyOf(value).subarray(0, 3),
  };
  return entry({ type: 3, data: { ...data, ext: { v: 0 } } });
}

test("data is set and taken away", async () => {
  const result = { type: 10, manageDataResult: { code: 0 } } as const;
  const set = await shown({
    operation: Operation.manageData({ source: SOURCE, name: "key", value: Buffer.from("abc") }),
    result,
    changes: updated(dataEntry(1), dataEntry(7)),
  });
  assert.deepEqual(set.details, { name: "key", value: "YWJj" });
  assert.deepEqual(set.effects, [["data_updated", SOURCE, { name: "key", value: "BwcH" }]]);
  const key = { accountId: account(2), dataName: DATA_NAME };
  const removed: xdr.LedgerEntryChangeWire = { type: 2, removed: { type: 3, data: key } };
  const taken = await shown({
    operation: Operation.manageData({ source: SOURCE, name: "key", value: null }),
    result,
    changes: [
      { type: 3, state: dataEntry(1) },
      removed,
    ],
  });
  assert.deepEqual(taken.details, { name: "key", value: null });
  assert.deepEqual(taken.effects, [["data_removed", SOURCE, { name: "key" }]]);
});

test("a clawback credits the issuer and debits the holder", async () => {
  const { details, effects } = await shown({
    operation: Operation.clawback({ source: ISSUER, asset: USD, amount: "5", from: SOURCE }),
    result: { type: 19, clawbackResult: { code: 0 } },
  });
  assert.equal((details as Record<string, unknown>)["from"], SOURCE);
  const moved = {
    amount: "5.0000000",
    asset_type: "credit_alphanum4",
    asset_code: "USD",
    asset_issuer: ISSUER,
  };
  assert.deepEqual(effects, [
    ["account_credited", ISSUER, moved],
    ["account_debited", SOURCE, moved],
  ]);
});

function trustLine(sponsor?: number): Entry {
  const line = { accountId: account(2), asset: usd, balance: 0n, limit: 1n, flags: 1 };
  return entry({ type: 1, trustLine: { ...line, ext: { v: 0 } } }, sponsor);
}

test("a sponsorship that is revoked, passed on and begun", async () => {
  const operation = Operation.revokeTrustlineSponsorship({
    source: SPONSOR,
    account: SOURCE,
    asset: USD,
  });
  const result = { type: 18, revokeSponsorshipResult: { code: 0 } } as const;
  const asset = `USD:${ISSUER}`;
  const revoked = await shown({ operation, result, changes: updated(trustLine(3), trustLine()) });
  assert.deepEqual(revoked.details, { trustline_account_id: SOURCE, trustline_asset: asset });
  assert.deepEqual(revoked.effects, [
    ["trustline_sponsorship_removed", SOURCE, { former_sponsor: SPONSOR, asset }],
  ]);
  const passed = await shown({ operation, result, changes: updated(trustLine(3), trustLine(4)) });
  assert.deepEqual(passed.effects, [
    ["trustline_sponsorship_updated", SOURCE, {
      former_sponsor: SPONSOR,
      new_sponsor: addressOf(4),
      asset,
    }],
  ]);
  const begun = await shown({ operation, result, changes: updated(trustLine(), trustLine(3)) });
  assert.deepEqual(begun.effects, [
    ["trustline_sponsorship_created", SOURCE, { sponsor: SPONSOR, asset }],
  ]);
});

test("a sponsorship of a signer is revoked by its key", async () => {
  const signer = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 9)).publicKey();
  const { details } = await shown({
    operation: Operation.revokeSignerSponsorship({
      source: SPONSOR,
      account: SOURCE,
      signer: { ed25519PublicKey: signer },
    }),
    result: { type: 18, revokeSponsorshipResult: { code: 0 } },
  });
  assert.deepEqual(details, { signer_account_id: SOURCE, signer_key: signer });
});

test("lifetimes that are extended and restored", async () => {
  const ttl = (until: number) =>
    entry({ type: 9, ttl: { keyHash: keyOf(5), liveUntilLedgerSeq: until } });
  const key = Buffer.concat([Buffer.of(0, 0, 0, 9), keyOf(5)]).toString("base64");
  const extended = await shown({
    operation: Operation.extendFootprintTtl({ source: SOURCE, extendTo: 500 }),
    result: { type: 25, extendFootprintTtlResult: { code: 0 } },
    changes: updated(ttl(10), ttl(500)),
  });
  assert.deepEqual(extended.details, {
    type: "extend_footprint_ttl",
    extend_to: 500,
    ledger_key_hash: [],
    contract_id: null,
    contract_code_hash: null,
  });
  assert.deepEqual(extended.effects, [
    ["extend_footprint_ttl", SOURCE, { entries: [key], extend_to: 500 }],
  ]);
  const restored = await shown({
    operation: Operation.restoreFootprint({ source: SOURCE }),
    result: { type: 26, restoreFootprintResult: { code: 0 } },
    changes: updated(ttl(10), ttl(500)),
  });
  assert.deepEqual(restored.effects, [["restore_footprint", SOURCE, { entries: [key] }]]);
});

test("inflation pays lumens; sequence numbers are texts", async () => {
  const payouts = [{ destination: account(4), amount: 30n }];
  const inflation = await shown({
    operation: Operation.inflation({ source: SOURCE }),
    result: { type: 9, inflationResult: { code: 0, payouts } },
  });
  assert.deepEqual(inflation.details, {});
  assert.deepEqual(inflation.effects, [
    ["account_credited", addressOf(4), { amount: "0.0000030", asset_type: "native" }],
  ]);
  const bumped = await shown({
    operation: Operation.bumpSequence({ source: SOURCE, bumpTo: "9007199254740993" }),
    result: { type: 11, bumpSeqResult: { code: 0 } },
  });
  assert.deepEqual(bumped.details, { bump_to: "9007199254740993" });
});

test("options are shown with their flags", async () => {
  const { details, effects } = await shown({
    operation: Operation.setOptions({ source: SOURCE, setFlags: 9, clearFlags: 2 }),
    result: { type: 5, setOptionsResult: { code: 0 } },
  });
  assert.deepEqual(details, {
    set_flags: [1, 8],
    set_flags_s: ["auth_required", "auth_clawback_enabled"],
    clear_flags: [2],
    clear_flags_s: ["auth_revocable"],
  });
  assert.deepEqual(effects, [["account_flags_updated", SOURCE, {
    auth_required_flag: true,
    auth_clawback_enabled_flag: true,
    auth_revocable_flag: false,
  }]]);
});

test("a passive offer trades at the price of the offer that it met", async () => {
  const offer = (amount: bigint): Entry =>
    entry({
      type: 2,
      offer: {
        sellerId: account(4),
        offerId: 77n,
        selling: native,
        buying: usd,
        amount,
        price: { n: 3, d: 2 },
        flags: 0,
        ext: { v: 0 },
      },
    });
  const trade = {
    sellerId: account(4),
    offerId: 77n,
    assetSold: native,
    amountSold: 20n,
    assetBought: usd,
    amountBought: 30n,
  };
  const success: xdr.ManageOfferSuccessResultWire = {
    offersClaimed: [{ type: 1, orderBook: trade }, {
      type: 1,
      orderBook: { ...trade, amountSold: 0n, amountBought: 0n },
    }],
    offer: { effect: 2 },
  };
  const one: OneOperation = {
    operation: Operation.createPassiveSellOffer({
      source: SOURCE,
      selling: USD,
      buying: Asset.native(),
      amount: "0.000003",
      price: { n: 2, d: 3 },
    }),
    // Early versions of core gave the result the type of another operation.
    result: {
      type: 3,
      manageSellOfferResult: { code: 0, success },
    },
    changes: updated(offer(50n), offer(30n)),
  };
  const rows = await rowsOfOne(createTrades({}), one);
  assert.equal(rows.length, 1);
  const [row] = rows;
  assert.equal(row?.["price_n"], 3n);
  assert.equal(row?.["price_d"], 2n);
  assert.equal(row?.["selling_amount"], "0.000002");
  assert.equal(row?.["buying_amount"], "0.000003");
  assert.equal(row?.["buying_offer_id"], (1n << 62n) + (row?.["history_operation_id"] as bigint));
  assert.equal(row?.["seller_is_exact"], null);
});

test("ids that come with accounts are shown beside them", async () => {
  const muxed = StrKey.encodeMed25519PublicKey(
    Buffer.concat([keyOf(4), Buffer.of(255, 255, 255, 255, 255, 255, 255, 255)]),
  );
  const one: OneOperation = {
    operation: Operation.payment({
      source: SOURCE,
      destination: muxed,
      asset: Asset.native(),
      amount: "1.5",
    }),
    result: { type: 1, paymentResult: { code: 0 } },
  };
  const { details } = await shown(one);
  assert.deepEqual(details, {
    from: SOURCE,
    to: addressOf(4),
    to_muxed: muxed,
    to_muxed_id: 2n ** 64n - 1n,
    amount: "1.5000000",
    asset_type: "native",
    asset_id: -5706705804583548011n,
  });
  const effects = await rowsOfOne(createEffects({}), one);
  assert.deepEqual(
    effects.map((row) => [row["type_string"], row["address"], row["address_muxed"]]),
    [["account_credited", addressOf(4), muxed], ["account_debited", SOURCE, null]],
  );
});

test("a revoked trustline turns pool shares into claimable balances", async () => {
  const balanceId = { type: 0, v0: keyOf(6) } as const;
  const claimant = { type: 0, v0: { destination: account(2), predicate: { type: 0 } } } as const;
  const balance = entry({
    type: 4,
    claimableBalance: {
      balanceId,
      claimants: [claimant],
      asset: native,
      amount: 50n,
      ext: { v: 0 },
    },
  });
  const { effects } = await shown({
    operation: Operation.setTrustLineFlags({
      source: ISSUER,
      trustor: SOURCE,
      asset: USD,
      flags: { authorized: false },
    }),
    result: { type: 21, setTrustLineFlagsResult: { code: 0 } },
    changes: [
      { type: 0, created: balance },
      ...updated(poolEntry(50n, 70n, 5n), poolEntry(0n, 0n, 0n)),
    ],
  });
  const balance_id = `00000000${"06".repeat(32)}`;
  const shownBalance = { balance_id, amount: "0.0000050", asset: "native" };
  assert.deepEqual(effects.slice(0, 3), [
    ["trustline_flags_updated", ISSUER, {
      trustor: SOURCE,
      asset_type: "credit_alphanum4",
      asset_code: "USD",
      asset_issuer: ISSUER,
      authorized_flag: false,
    }],
    ["claimable_balance_created", ISSUER, shownBalance],
    ["claimable_balance_claimant_created", SOURCE, {
      ...shownBalance,
      predicate: { unconditional: true },
    }],
  ]);
  const [type, , details] = effects[3] ?? [];
  assert.equal(type, "liquidity_pool_revoked");
  const { reserves_revoked, shares_revoked } = details as Record<string, unknown>;
  assert.deepEqual(reserves_revoked, [
    { asset: "native", amount: "0.0000050", claimable_balance_id: balance_id },
  ]);
  assert.equal(shares_revoked, "0.0000005");
  assert.equal(effects.length, 4);
});

test("a contract that is made for an asset names it", async () => {
  const { details, effects } = await shown({
    operation: Operation.createStellarAssetContract({ source: SOURCE, asset: USD }),
    result: { type: 24, invokeHostFunctionResult: { code: 0, success: keyOf(1) } },
  });
  assert.deepEqual(details, {
    function: "HostFunctionTypeHostFunctionTypeCreateContract",
    type: "create_contract",
    ledger_key_hash: [],
    contract_id: null,
    contract_code_hash: null,
    from: "asset",
    asset: `USD:${ISSUER}`,
  });
  assert.deepEqual(effects, []);
});
