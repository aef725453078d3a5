/** What the sandbox promises as a whole: the same ledgers everywhere, and all kinds of them. */

import assert from "node:assert/strict";
import test from "node:test";
import { xdr } from "@stellar/stellar-sdk";
import {
  envelopesOf,
  hex,
  makeLedgers,
  OPTIONS,
  sha256,
  transactionsOf,
} from "../../../tests/support/sandbox-ledgers.ts";
import { sandboxNetwork } from "./network.ts";

/** Of ten ledgers; pinned, so that a runtime or a change that makes other bytes is seen. */
const BYTES_SHA256 = "40c08e6fea489b1848e0a072a42a39f131b8cf1131bbb8d67be7b8e0996e1594";

test("the same options make the same ledgers, on any runtime", () => {
  const [first, second] = [makeLedgers(10), makeLedgers(10)];
  for (const [i, { bytes }] of first.entries()) {
    assert.ok(Buffer.from(bytes).equals(second[i]?.bytes ?? new Uint8Array()));
  }
  assert.equal(hex(sha256(Buffer.concat(first.map(({ bytes }) => bytes)))), BYTES_SHA256);
});

test("another seed, density or start makes another chain", () => {
  const hashes = [{}, { seed: "other" }, { transactions: 41 }, { startLedger: 3 }].map((options) =>
    hex(makeLedgers(1, options)[0]?.ledger.ledgerHeader.hash ?? new Uint8Array())
  );
  assert.equal(new Set(hashes).size, hashes.length);
});

test("a ledger does not depend on whether those before it were encoded", () => {
  const network = sandboxNetwork(OPTIONS);
  for (let i = 0; i < 7; i++) network.next();
  const eighth = network.next();
  assert.equal(eighth.sequence, 9);
  assert.ok(Buffer.from(eighth.encode()).equals(makeLedgers(8)[7]?.bytes ?? new Uint8Array()));
});

test("every ledger has as many transactions as asked for, one per account", () => {
  for (const transactions of [0, 1, 250]) {
    for (const { ledger } of makeLedgers(2, { transactions, accounts: 600 })) {
      const envelopes = envelopesOf(ledger.txSet);
      assert.equal(envelopes.length, transactions);
      assert.equal(ledger.txProcessing.length, transactions);
      const sources = envelopes.map((envelope) => {
        assert.ok(envelope.type !== 0);
        const tx = envelope.type === 2 ? envelope.v1.tx : envelope.feeBump.tx.innerTx.v1.tx;
        const { sourceAccount: source } = tx;
        return hex(source.type === 0 ? source.ed25519 : source.med25519.ed25519);
      });
      assert.equal(new Set(sources).size, transactions);
    }
  }
});

test("the shares of contract calls and failures are about those asked for", () => {
  const count = (sorobanShare: number, failureShare: number) => {
    let [calls, failures, all] = [0, 0, 0];
    for (const decoded of makeLedgers(30, { sorobanShare, failureShare })) {
      for (const { meta, processing } of transactionsOf(decoded)) {
        all++;
        if (meta.sorobanMeta !== null) calls++;
        const { code } = processing.result.result.result;
        if (code === -1 || code === -13) failures++;
      }
    }
    return { calls: calls / all, failures: failures / all };
  };
  assert.equal(count(0, 0).calls, 0);
  assert.ok(count(0, 0).failures < 0.05, "trades may fail on their own, but few do");
  assert.equal(count(1, 0).calls, 1);
  const { calls, failures } = count(0.5, 0.4);
  assert.ok(Math.abs(calls - 0.5) < 0.05, `${calls} of all are calls`);
  assert.ok(Math.abs(failures - 0.4) < 0.08, `${failures} of all failed`);
});

test("everything that it promises to make happens within some ledgers", () => {
  const seen = new Map<string, number>();
  const see = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  for (const decoded of makeLedgers(60)) {
    for (const { envelope, processing, meta } of transactionsOf(decoded)) {
      const tx = envelope.type === 2 ? envelope.v1.tx : envelope.feeBump.tx.innerTx.v1.tx;
      see(`envelope ${envelope.type}`);
      see(`memo ${tx.memo.type}`);
      see(`source ${tx.sourceAccount.type}`);
      const outcome = processing.result.result.result;
      const result = outcome.code === 1 || outcome.code === -13
        ? outcome.innerResultPair.result.result
        : outcome;
      assert.ok(result.code === 0 || result.code === -1);
      for (const [i, operation] of result.results.entries()) {
        assert.ok(operation.code === 0);
        const inner = Object.values(operation.tr).find((value) => typeof value === "object");
        const { code } = inner as { readonly code: number };
        see(`operation ${tx.operations[i]?.body.type}: ${code === 0 ? "done" : "failed"}`);
      }
      for (const { events, changes } of meta.operations) {
        for (const { body } of events) {
          const [topic] = body.v0.topics;
          see(`event ${topic?.type === 15 ? topic.sym : topic?.type}, data ${body.v0.data.type}`);
        }
        for (const change of changes) see(`change ${change.type}`);
      }
      if (meta.diagnosticEvents.length > 0) see("diagnostics");
      if (processing.postTxApplyFeeProcessing.length > 0) see("refund");
    }
  }
  const [I128, MAP, VEC] = [10, 17, 16];
  const operations = [0, 1, 2, 3, 6, 8, 10, 12, 13, 24];
  const promised = [
    ...["envelope 2", "envelope 5", "source 0", "source 256", "diagnostics", "refund"],
    ...[0, 1, 2, 3, 4].map((memo) => `memo ${memo}`),
    ...operations.flatMap((type) => [`operation ${type}: done`, `operation ${type}: failed`]),
    "operation 5: done",
    ...[`event transfer, data ${I128}`, `event transfer, data ${MAP}`, `event mint, data ${I128}`],
    ...[`event mint, data ${MAP}`, `event burn, data ${I128}`, `event deposit, data ${MAP}`],
    ...[`event withdraw, data ${MAP}`, `event record, data ${VEC}`],
    ...[0, 1, 2, 3].map((type) => `change ${type}`),
  ];
  assert.deepEqual(promised.filter((what) => !seen.has(what)), [], "missing");
});

test("a dense ledger of 6,000 transactions is valid", () => {
  const [dense] = makeLedgers(1, { transactions: 6000, accounts: 7000 });
  assert.ok(dense !== undefined);
  assert.equal(dense.ledger.txProcessing.length, 6000);
  assert.ok(xdr.LedgerCloseMeta.validateXdr(dense.bytes));
});
