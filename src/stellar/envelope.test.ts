import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Account,
  Asset,
  Keypair,
  Memo,
  Networks,
  Operation,
  TransactionBuilder,
} from "@stellar/stellar-sdk";
import { TransactionEnvelopeView } from "../gen/xdr/transaction-envelope.ts";
import { transactionHash, TransactionParts } from "./envelope.ts";
import { networkId } from "./networks.ts";
import { XdrBytes } from "./xdr/xdr-bytes.ts";

const source = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 1));
const payer = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 2));
const network = networkId(Networks.TESTNET);

function payment() {
  const transaction = new TransactionBuilder(new Account(source.publicKey(), "41"), {
    fee: "100",
    networkPassphrase: Networks.TESTNET,
    timebounds: { minTime: 5, maxTime: 9 },
    memo: Memo.id("77"),
  }).addOperation(Operation.payment({
    destination: payer.publicKey(),
    asset: Asset.native(),
    amount: "1",
  })).build();
  transaction.sign(source);
  return transaction;
}

function viewOf(xdr: Uint8Array): TransactionEnvelopeView {
  return new TransactionEnvelopeView(new XdrBytes(xdr));
}

test("a transaction's hash and parts are the SDK's", () => {
  const transaction = payment();
  const view = viewOf(transaction.toEnvelope().toXdr());
  assert.equal(transactionHash(view, network), Buffer.from(transaction.hash()).toString("hex"));
  const parts = new TransactionParts(view);
  assert.equal(parts.source.account, source.publicKey());
  assert.equal(parts.feeSource.account, source.publicKey());
  assert.equal(parts.seqNum, 42n);
  assert.equal(parts.fee, 100);
  assert.equal(parts.memo.id, 77n);
  assert.equal(parts.timeBounds?.maxTime, 9n);
  assert.equal(parts.operations.length, 1);
  assert.equal(parts.signatures.length, 1);
  assert.equal(parts.sorobanData, undefined);
});

test("a fee bump has its own hash, payer and signatures, and the parts of what it wraps", () => {
  const bump = TransactionBuilder.buildFeeBumpTransaction(
    payer.publicKey(),
    "400",
    payment(),
    Networks.TESTNET,
  );
  const view = viewOf(bump.toEnvelope().toXdr());
  assert.equal(transactionHash(view, network), Buffer.from(bump.hash()).toString("hex"));
  const parts = new TransactionParts(view);
  assert.equal(parts.source.account, source.publicKey());
  assert.equal(parts.feeSource.account, payer.publicKey());
  assert.equal(parts.fee, 100);
  assert.equal(parts.feeBump?.tx.fee, 800n);
  assert.equal(parts.signatures.length, 0);
});

test("the old form of an envelope has the hash of the new one", () => {
  const transaction = payment();
  const v1 = Buffer.from(transaction.toEnvelope().toXdr());
  // Envelope type 0, and the key without its type in front.
  const v0 = Buffer.concat([Buffer.alloc(4), v1.subarray(8)]);
  const view = viewOf(v0);
  assert.equal(transactionHash(view, network), Buffer.from(transaction.hash()).toString("hex"));
  const parts = new TransactionParts(view);
  assert.equal(parts.source.account, source.publicKey());
  assert.equal(parts.timeBounds?.minTime, 5n);
  assert.equal(parts.preconditions, undefined);
});
