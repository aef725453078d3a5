import assert from "node:assert/strict";
import { test } from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import { ledgerBatch, ledgerBytes } from "../src/stellar/ledger-batch.ts";
import { readLedgerHeader } from "../src/stellar/ledger-header.ts";
import { allLedgers } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";

test(`every real ledger's header reads as the SDK decodes it${why}`, { skip }, () => {
  for (const { name, bytes } of allLedgers()) {
    const header = readLedgerHeader(bytes);
    const meta = xdr.LedgerCloseMeta.fromXdr(bytes);
    const entry = meta.type === "v0"
      ? meta.v0.ledgerHeader
      : meta.type === "v1"
      ? meta.v1.ledgerHeader
      : meta.v2.ledgerHeader;
    const hex = (hash: { toString(): string }) => hash.toString();
    assert.equal(header.metaVersion, Number(meta.type.slice(1)), name);
    assert.equal(header.sequence, entry.header.ledgerSeq, name);
    assert.equal(header.protocol, entry.header.ledgerVersion, name);
    assert.equal(BigInt(header.closedAt.getTime()), entry.header.scpValue.closeTime * 1000n, name);
    assert.equal(header.hash, hex(entry.hash), name);
    assert.equal(header.previousHash, hex(entry.header.previousLedgerHash), name);
    assert.equal(header.txSetHash, hex(entry.header.scpValue.txSetHash), name);
    assert.equal(header.txSetResultHash, hex(entry.header.txSetResultHash), name);
    assert.deepEqual(
      Buffer.from(bytes.subarray(header.start, header.end)),
      Buffer.from(entry.header.toXdr()),
      name,
    );
  }
});

test(`a raw ledger travels as one row of one batch${why}`, { skip }, () => {
  for (const { passphrase, bytes } of allLedgers().slice(0, 3)) {
    const batch = ledgerBatch({ source: "lake", network: passphrase, bytes });
    assert.equal(ledgerBytes(batch), bytes);
    assert.equal(batch.groups.length, 1);
    assert.equal(batch.groups[0]?.rows[0]?.["event_id"], `pubnet-${batch.sequence}`);
    assert.equal(ledgerBytes({ ...batch, groups: [] }), undefined);
  }
});
