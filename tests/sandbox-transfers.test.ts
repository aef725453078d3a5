/** The sandbox's own events and what is derived from its operations, without real ledgers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../src/flow/batch.ts";
import { createTokenTransfer } from "../src/processors/token-transfer/token-transfer.ts";
import { verifyLedger } from "../src/stellar/verify.ts";
import { rowsOf } from "./support/golden.ts";
import { makeLedgers, OPTIONS } from "./support/sandbox-ledgers.ts";

const ledgers = makeLedgers(30).map(({ bytes }, index) => ({
  name: `sandbox ledger ${index}`,
  passphrase: OPTIONS.passphrase,
  bytes,
}));

test("transfers derived from the sandbox's operations are those that it wrote as events", async () => {
  const derived = createTokenTransfer({ transfers_from: "derived" });
  const unified = createTokenTransfer({ transfers_from: "unified" });
  const topics = new Set<unknown>();
  for (const ledger of ledgers) {
    verifyLedger(ledger.bytes);
    const own = await rowsOf(unified, [ledger]);
    const ours = await rowsOf(derived, [ledger]);
    assert.deepEqual(ours.map(movement).sort(), own.map(movement).sort(), ledger.name);
    for (const row of own) topics.add(row["event_topic"]);
  }
  assert.deepEqual([...topics].sort(), ["burn", "fee", "mint", "transfer"]);
});

/** A row without its place among the events of its operation, which differs within a trade. */
function movement({ event_id: _, ...row }: Row): string {
  return JSON.stringify(row, (_key, value) => typeof value === "bigint" ? String(value) : value);
}
