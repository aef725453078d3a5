/** The sandbox's books: entry changes, unified events, fees and results tell one story. */

import assert from "node:assert/strict";
import test from "node:test";
import { Asset, StrKey, xdr } from "@stellar/stellar-sdk";
import {
  hex,
  makeLedgers,
  OPTIONS,
  transactionsOf,
} from "../../../tests/support/sandbox-ledgers.ts";

const ledgers = makeLedgers(60);

/** Who holds how much of what: "holder/asset contract" to stroops. */
type Balances = Map<string, bigint>;

function add(balances: Balances, holder: string, assetId: string, amount: bigint): void {
  const key = `${holder}/${assetId}`;
  const sum = (balances.get(key) ?? 0n) + amount;
  if (sum === 0n) balances.delete(key);
  else balances.set(key, sum);
}

const assetIds = new Map<string, string>();
const issuerOf = new Map<string, string>();

/** Contract id of an asset by the SDK, hex. */
function assetId(wire: xdr.AssetWire): string {
  const key = hex(xdr.Asset.schema.encode(wire));
  let id = assetIds.get(key);
  if (id === undefined) {
    const asset = Asset.fromOperation(xdr.Asset.fromXdrObject(wire));
    id = hex(StrKey.decodeContract(asset.contractId(OPTIONS.passphrase)));
    assetIds.set(key, id);
    const issuer = asset.getIssuer();
    if (issuer !== undefined) issuerOf.set(id, hex(StrKey.decodeEd25519PublicKey(issuer)));
  }
  return id;
}

function holderOf(address: xdr.ScAddressWire): string {
  if (address.type === 0) return hex(address.accountId.ed25519);
  if (address.type === 1) return hex(address.contractId);
  throw new Error(`an address of type ${address.type} holds nothing`);
}

function amountOf(value: xdr.ScValWire | undefined): bigint {
  if (value?.type === 17) return amountOf(value.map?.[0]?.val);
  assert.ok(value?.type === 10);
  return (value.i128.hi << 64n) | value.i128.lo;
}

function symbol(value: xdr.ScValWire | undefined): string {
  return value?.type === 15 ? value.sym.toString() : "";
}

function addressAt(topics: readonly xdr.ScValWire[], index: number): string {
  const topic = topics[index];
  assert.ok(topic?.type === 18);
  return holderOf(topic.address);
}

/** What the unified events say; an issuer holds nothing of its own asset. */
function movedByEvents(events: readonly xdr.ContractEventWire[]): Balances {
  const moved: Balances = new Map();
  for (const { contractId, body: { v0: { topics, data } } } of events) {
    assert.ok(contractId !== null);
    const asset = hex(contractId);
    const move = (index: number, amount: bigint) => {
      const holder = addressAt(topics, index);
      if (issuerOf.get(asset) !== holder) add(moved, holder, asset, amount);
    };
    const kind = symbol(topics[0]);
    if (["deposit", "withdraw", "record"].includes(kind)) continue;
    const amount = amountOf(data);
    if (kind === "transfer") {
      move(1, -amount);
      move(2, amount);
    } else if (kind === "mint") move(1, amount);
    else if (kind === "burn" || kind === "fee") move(1, -amount);
    else assert.fail(`unknown event ${kind}`);
  }
  return moved;
}

function balanceIn(entry: xdr.LedgerEntryWire, sign: bigint, balances: Balances): void {
  const { data } = entry;
  if (data.type === 0) {
    const native = assetId({ type: 0 });
    add(balances, hex(data.account.accountId.ed25519), native, sign * data.account.balance);
  } else if (data.type === 1) {
    const { accountId, asset, balance } = data.trustLine;
    assert.ok(asset.type === 1 || asset.type === 2);
    add(balances, hex(accountId.ed25519), assetId(asset), sign * balance);
  } else if (data.type === 6) {
    const { contract, key, val } = data.contractData;
    assert.ok(key.type === 16 && contract.type === 1);
    const holder = key.vec?.[1];
    assert.ok(holder?.type === 18);
    add(balances, holderOf(holder.address), hex(contract.contractId), sign * amountOf(val));
  }
}

/** What the entries say of an account's bookkeeping: subentries, and lumens bound by its offers. */
function bookkeepingIn(entry: xdr.LedgerEntryWire, sign: bigint, sums: Balances): void {
  const { data } = entry;
  if (data.type === 0) {
    const { accountId, numSubEntries, ext } = data.account;
    const holder = hex(accountId.ed25519);
    add(sums, holder, "subentries", -sign * BigInt(numSubEntries));
    if (ext.v === 1) add(sums, holder, "selling", -sign * ext.v1.liabilities.selling);
  } else if (data.type === 1) add(sums, hex(data.trustLine.accountId.ed25519), "subentries", sign);
  else if (data.type === 3) add(sums, hex(data.data.accountId.ed25519), "subentries", sign);
  else if (data.type === 2) {
    const { sellerId, selling, amount } = data.offer;
    add(sums, hex(sellerId.ed25519), "subentries", sign);
    if (selling.type === 0) add(sums, hex(sellerId.ed25519), "selling", sign * amount);
  }
}

/** The entries as changes show them, so that each "before" can be held against the last "after". */
type Known = Map<string, string>;

function keyOf(entry: xdr.LedgerEntryWire): string {
  const { data } = entry;
  switch (data.type) {
    case 0:
      return `account/${hex(data.account.accountId.ed25519)}`;
    case 1:
      return `line/${hex(data.trustLine.accountId.ed25519)}/${
        JSON.stringify(data.trustLine.asset)
      }`;
    case 2:
      return `offer/${data.offer.offerId}`;
    case 3:
      return `data/${hex(data.data.accountId.ed25519)}/${data.data.dataName}`;
    case 6:
      return `contract/${hex(xdr.ScVal.schema.encode(data.contractData.key))}` +
        hex(xdr.ScAddress.schema.encode(data.contractData.contract));
    case 9:
      return `ttl/${hex(data.ttl.keyHash)}`;
    default:
      throw new Error(`an entry of type ${data.type}`);
  }
}

function follow(changes: readonly xdr.LedgerEntryChangeWire[], known: Known, sequence: number) {
  const moved: Balances = new Map();
  const books: Balances = new Map();
  let before: xdr.LedgerEntryWire | undefined;
  const leave = (entry: xdr.LedgerEntryWire) => {
    balanceIn(entry, -1n, moved);
    bookkeepingIn(entry, -1n, books);
  };
  const enter = (entry: xdr.LedgerEntryWire) => {
    assert.equal(entry.lastModifiedLedgerSeq, sequence);
    known.set(keyOf(entry), hex(xdr.LedgerEntry.schema.encode(entry)));
    balanceIn(entry, 1n, moved);
    bookkeepingIn(entry, 1n, books);
  };
  for (const change of changes) {
    if (change.type === 3) {
      before = change.state;
      const last = known.get(keyOf(before));
      const encoded = hex(xdr.LedgerEntry.schema.encode(before));
      if (last !== undefined) assert.equal(encoded, last, "before is not the last after");
      leave(before);
    } else if (change.type === 1) {
      assert.ok(before !== undefined);
      assert.equal(keyOf(change.updated), keyOf(before));
      enter(change.updated);
    } else if (change.type === 0) {
      assert.ok([undefined, ""].includes(known.get(keyOf(change.created))));
      enter(change.created);
    } else if (change.type === 2) {
      assert.ok(before !== undefined);
      known.set(keyOf(before), "");
    }
  }
  // A removed account takes its bookkeeping along; it had none.
  assert.deepEqual([...books], [], "subentries or liabilities are off");
  return moved;
}

test("every balance moves as the events say, operation by operation", () => {
  const known: Known = new Map();
  for (const decoded of ledgers) {
    const sequence = decoded.ledger.ledgerHeader.header.ledgerSeq;
    const transactions = transactionsOf(decoded);
    for (const { processing, meta } of transactions) {
      const charged = follow(processing.feeProcessing, known, sequence);
      const [event] = meta.events;
      assert.ok(event?.stage === 0);
      assert.deepEqual(charged, movedByEvents([event.event]));
    }
    for (const { meta } of transactions) {
      assert.deepEqual(follow(meta.txChangesBefore, known, sequence), new Map());
      for (const { changes, events } of meta.operations) {
        const moved = follow(changes, known, sequence);
        const said = movedByEvents(events);
        assert.deepEqual([...moved].sort(), [...said].sort());
      }
      assert.deepEqual(meta.txChangesAfter, []);
    }
    for (const { processing, meta } of transactions) {
      const refunded = follow(processing.postTxApplyFeeProcessing, known, sequence);
      const [, event] = meta.events;
      assert.equal(event?.stage ?? 2, 2);
      assert.deepEqual(refunded, movedByEvents(event === undefined ? [] : [event.event]));
    }
  }
});

test("fees are what results say, and go to the fee pool", () => {
  let pool: bigint | undefined;
  for (const decoded of ledgers) {
    let fees = 0n;
    for (const { processing, envelope, meta } of transactionsOf(decoded)) {
      const { feeCharged } = processing.result.result;
      fees += feeCharged;
      const paid = meta.events.reduce((sum, { event }) => sum + amountOf(event.body.v0.data), 0n);
      assert.equal(paid, feeCharged);
      const offered = envelope.type === 2 ? BigInt(envelope.v1.tx.fee) : envelope.feeBump.tx.fee;
      assert.ok(feeCharged <= offered);
    }
    const { feePool } = decoded.ledger.ledgerHeader.header;
    if (pool !== undefined) assert.equal(feePool, pool + fees);
    pool = feePool;
  }
});
