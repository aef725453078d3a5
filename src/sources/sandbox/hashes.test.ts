/** The sandbox's hashes, order and signatures, checked by the SDK and by our own reader. */

import assert from "node:assert/strict";
import test from "node:test";
import { Keypair, StrKey, xdr } from "@stellar/stellar-sdk";
import {
  hex,
  makeLedgers,
  OPTIONS,
  sha256,
  signatureHash,
  transactionsOf,
} from "../../../tests/support/sandbox-ledgers.ts";
import { createChainCheck, verifyLedger } from "../../stellar/verify.ts";

const ledgers = makeLedgers(60);

test("every ledger is what the SDK reads and writes back, byte for byte", () => {
  for (const { bytes } of ledgers) {
    const decoded = xdr.LedgerCloseMeta.fromXdr(bytes);
    assert.ok(Buffer.from(decoded.toXdr()).equals(bytes));
  }
});

test("hashes and chain hold, by the SDK and by our own check", () => {
  const checkChain = createChainCheck();
  let previous: Uint8Array | undefined;
  for (const [i, { bytes, ledger }] of ledgers.entries()) {
    checkChain(verifyLedger(bytes));
    const { hash, header } = ledger.ledgerHeader;
    assert.equal(header.ledgerSeq, OPTIONS.startLedger + i);
    assert.equal(header.scpValue.closeTime, BigInt(OPTIONS.startTime_s + 5 * i));
    assert.equal(hex(hash), hex(sha256(xdr.LedgerHeader.schema.encode(header))));
    if (previous !== undefined) assert.equal(hex(header.previousLedgerHash), hex(previous));
    previous = hash;
    const set = xdr.GeneralizedTransactionSet.schema.encode(ledger.txSet);
    assert.equal(hex(header.scpValue.txSetHash), hex(sha256(set)));
    assert.equal(hex(ledger.txSet.v1TxSet.previousLedgerHash), hex(header.previousLedgerHash));
    const results = ledger.txProcessing.map(({ result }) => result);
    const resultSet = xdr.TransactionResultSet.schema.encode({ results });
    assert.equal(hex(header.txSetResultHash), hex(sha256(resultSet)));
  }
});

test("transactions of a component, a cluster and a stage are sorted by hash", () => {
  const hashOf = (envelope: xdr.TransactionEnvelopeWire) =>
    hex(sha256(xdr.TransactionEnvelope.schema.encode(envelope)));
  const assertSorted = (hashes: (string | undefined)[]) =>
    assert.deepEqual(hashes, [...hashes].sort());
  for (const { ledger } of ledgers) {
    for (const phase of ledger.txSet.v1TxSet.phases) {
      if (phase.v === 0) {
        for (const { txsMaybeDiscountedFee } of phase.v0Components) {
          assertSorted(txsMaybeDiscountedFee.txs.map(hashOf));
        }
        continue;
      }
      for (const stage of phase.parallelTxsComponent.executionStages) {
        for (const cluster of stage) assertSorted(cluster.map(hashOf));
        assertSorted(stage.map(([first]) => first && hashOf(first)));
      }
    }
  }
});

test("clusters of a stage never write what another one touches", () => {
  for (const { ledger } of ledgers) {
    for (const phase of ledger.txSet.v1TxSet.phases) {
      if (phase.v === 0) continue;
      for (const stage of phase.parallelTxsComponent.executionStages) {
        const written = new Map<string, number>();
        for (const [i, cluster] of stage.entries()) {
          for (const key of cluster.flatMap(writtenKeys)) {
            assert.equal(written.get(key) ?? i, i, "two clusters write one entry");
            written.set(key, i);
          }
        }
      }
    }
  }
});

function writtenKeys(envelope: xdr.TransactionEnvelopeWire): string[] {
  if (envelope.type === 0) return [];
  const tx = envelope.type === 2 ? envelope.v1.tx : envelope.feeBump.tx.innerTx.v1.tx;
  assert.ok(tx.ext.v === 1);
  return tx.ext.sorobanData.resources.footprint.readWrite
    .map((key) => hex(xdr.LedgerKey.schema.encode(key)));
}

test("signatures are real", () => {
  const source = (account: xdr.MuxedAccountWire) =>
    account.type === 0 ? account.ed25519 : account.med25519.ed25519;
  const assertSigned = (
    signer: Uint8Array,
    hash: Buffer,
    signatures: readonly xdr.DecoratedSignatureWire[],
  ) => {
    const [first] = signatures;
    assert.ok(first !== undefined && signatures.length === 1);
    assert.equal(hex(first.hint), hex(signer.slice(-4)));
    const verifier = Keypair.fromPublicKey(StrKey.encodeEd25519PublicKey(Buffer.from(signer)));
    assert.ok(verifier.verify(hash, Buffer.from(first.signature)));
  };
  for (const decoded of ledgers.slice(0, 6)) {
    for (const { envelope } of transactionsOf(decoded)) {
      const hash = signatureHash(envelope);
      if (envelope.type === 2) {
        assertSigned(source(envelope.v1.tx.sourceAccount), hash, envelope.v1.signatures);
        continue;
      }
      const { feeSource, innerTx } = envelope.feeBump.tx;
      assertSigned(source(feeSource), hash, envelope.feeBump.signatures);
      assertSigned(
        source(innerTx.v1.tx.sourceAccount),
        signatureHash(innerTx),
        innerTx.v1.signatures,
      );
    }
  }
});
