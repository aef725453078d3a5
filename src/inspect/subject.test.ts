import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectOf } from "./subject.ts";

test("ledgers and the ids of rows are told apart", () => {
  assert.deepEqual(subjectOf("63092982"), { ledger: 63092982 });
  assert.deepEqual(subjectOf("pubnet-63092982"), { ledger: 63092982 });
  assert.deepEqual(subjectOf("pubnet-63092982-u0-1"), { ledger: 63092982 });
  assert.deepEqual(subjectOf("pubnet-63092982-7"), { ledger: 63092982, transaction: 7 });
  for (const change of ["f0", "b1", "a12", "r0"]) {
    assert.deepEqual(subjectOf(`pubnet-5-7-${change}`), { ledger: 5, transaction: 7 });
  }
  const operation = { ledger: 5, transaction: 7, operation: 1 };
  assert.deepEqual(subjectOf("pubnet-5-7-1"), operation);
  assert.deepEqual(subjectOf(`pubnet-5-7-1-2-G${"A".repeat(55)}`), operation);
  assert.deepEqual(subjectOf("pubnet-5-7-1-0"), {
    ledger: 5,
    event: { transaction: 7, of: 1, index: 0 },
  });
  assert.deepEqual(subjectOf("1a2b3c4d-5-7-t2").event, { transaction: 7, of: "t", index: 2 });
  assert.deepEqual(subjectOf("testnet-5-7-d3").event, { transaction: 7, of: "d", index: 3 });
});

test("what is neither is refused with what to give", () => {
  for (const wrong of ["", "x", "pubnet-", "pubnet-1-x", "1-2-3-4-5-6", "-1", "pubnet-1-2-u0"]) {
    assert.throws(() => subjectOf(wrong), /neither a ledger/);
  }
  assert.throws(() => subjectOf("ab".repeat(32)), { code: "cli/usage", hint: /--tx/ });
});
