import assert from "node:assert/strict";
import { test } from "node:test";
import { ledgerId, operationId, transactionId } from "./toid.ts";

test("ids are those of Horizon and Hubble", () => {
  const ledger = ledgerId(63092982);
  assert.equal(ledger, 270982294297116672n);
  assert.equal(transactionId(ledger, 1), 270982294297120768n);
  assert.equal(transactionId(ledger, 7), 270982294297145344n);
  assert.equal(operationId(ledger, 7, 0), 270982294297145345n);
  // The largest place of a transaction and of an operation.
  assert.equal(operationId(ledgerId(1), 2 ** 20 - 1, 4094), (1n << 32n) + (1n << 32n) - 1n);
});
