import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectOf } from "./subject.ts";

test("ledgers and event ids are told apart", () => {
  assert.deepEqual(subjectOf("63092982"), { ledger: 63092982, event: undefined });
  assert.deepEqual(subjectOf("pubnet-63092982"), { ledger: 63092982, event: undefined });
  assert.deepEqual(subjectOf("pubnet-63092982-7-1-0"), {
    ledger: 63092982,
    event: { transaction: 7, of: 1, index: 0 },
  });
  assert.deepEqual(subjectOf("1a2b3c4d-5-7-t2").event, { transaction: 7, of: "t", index: 2 });
  assert.deepEqual(subjectOf("testnet-5-7-d3").event, { transaction: 7, of: "d", index: 3 });
  for (const wrong of ["", "x", "pubnet-", "pubnet-1-2", "1-2-3-4-5-6", "-1"]) {
    assert.throws(() => subjectOf(wrong), /neither a ledger/);
  }
});
