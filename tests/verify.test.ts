import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowctlError } from "../src/spec/errors.ts";
import { Ledger } from "../src/stellar/ledger.ts";
import { createChainCheck, verifyLedger } from "../src/stellar/verify.ts";
import { allLedgers, pubnetLake, pubnetP13, singleAndClassic } from "./support/ledgers.ts";
import { skip, why } from "./support/shared.ts";
import { seeded } from "./support/xdr-schema.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
    return "accepted";
  } catch (thrown) {
    if (!(thrown instanceof FlowctlError)) throw thrown;
    return thrown.code;
  }
}

test(`every real ledger, of every version, hashes to what its header says${why}`, { skip }, () => {
  for (const { bytes } of allLedgers()) {
    assert.equal(verifyLedger(bytes).sequence, new Ledger(bytes).sequence);
  }
});

test(`a changed byte under any of the hashes is found${why}`, { skip }, () => {
  const random = seeded(7);
  const ledgers = [pubnetLake()[8], pubnetP13()[0], ...singleAndClassic()];
  for (const ledger of ledgers) {
    assert.ok(ledger);
    const intact = new Ledger(ledger.bytes);
    const spans: [number, number][] = [
      [intact.headerEntry.offset, intact.headerEntry.endOffset - 4],
      [intact.txSetOffset, intact.txSetEnd],
    ];
    for (const one of intact.transactions()) spans.push([one.pairOffset, one.feeChangesOffset]);
    for (let round = 0; round < 40; round++) {
      const [start, end] = spans[Math.floor(random() * Math.min(spans.length, round + 1))] ??
        [0, 1];
      const at = start + Math.floor(random() * (end - start));
      const bytes = Uint8Array.from(ledger.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(random() * 255));
      // The signature of the SCP value is part of the header, like everything up to its end.
      const code = codeOf(() => verifyLedger(bytes));
      assert.match(code, /^(ledger\/hash-mismatch|xdr\/)/, `${ledger.name} byte ${at}`);
    }
  }
});

test(`a mismatch names the ledger and the hash${why}`, { skip }, () => {
  const ledger = pubnetLake()[0];
  assert.ok(ledger);
  const { txSetEnd } = new Ledger(ledger.bytes);
  const bytes = Uint8Array.from(ledger.bytes);
  bytes[txSetEnd - 40] = (bytes[txSetEnd - 40] ?? 0) ^ 1;
  assert.throws(() => verifyLedger(bytes), /ledger 63092982: the transaction set hash is/);
});

test(`what follows the ledger, or misses at its end, is found${why}`, { skip }, () => {
  for (const { bytes, name } of [...pubnetLake().slice(0, 1), ...singleAndClassic()]) {
    assert.match(
      codeOf(() => verifyLedger(Buffer.concat([bytes, Buffer.alloc(4)]))),
      /^xdr\//,
      name,
    );
    for (const cut of [1, 4, 9]) {
      assert.match(codeOf(() => verifyLedger(bytes.subarray(0, -cut))), /^xdr\//, name);
    }
  }
});

test(`a chain must have every ledger, each building on the one before${why}`, { skip }, () => {
  const [first, second, third] = pubnetLake().map(({ bytes }) => verifyLedger(bytes));
  assert.ok(first && second && third);
  const check = createChainCheck();
  check(first);
  check(second);
  assert.equal(codeOf(() => createChainCheck()(third)), "accepted");
  assert.equal(codeOf(() => check({ ...third, sequence: 9 })), "ledger/broken-chain");
  const other = createChainCheck();
  other(first);
  assert.throws(() => other({ ...second, previousHash: third.hash }), /builds on/);
  const gap = createChainCheck();
  gap(first);
  assert.throws(() => gap(third), /ledger 63092984 follows ledger 63092982/);
});

test(`what this version does not know is named with its transaction and byte${why}`, {
  skip,
}, () => {
  const ledger = pubnetLake()[0];
  assert.ok(ledger);
  const third = [...new Ledger(ledger.bytes).transactions()][2];
  assert.ok(third);
  const bytes = Uint8Array.from(ledger.bytes);
  const change = third.feeChangesOffset + 4;
  bytes[change + 3] = 9;
  assert.throws(() => verifyLedger(bytes), (error: unknown) => {
    assert.ok(error instanceof FlowctlError);
    assert.equal(error.code, "xdr/unknown-arm");
    assert.equal(
      error.message,
      `transaction 3 ${third.hash}: LedgerEntryChange at byte ${change} has no arm 9`,
    );
    return true;
  });
});
