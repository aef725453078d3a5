import assert from "node:assert/strict";
import test from "node:test";
import { readLedgerHeader } from "../src/stellar/ledger-header.ts";
import { createChainCheck, verifyLedger } from "../src/stellar/verify.ts";
import { pubnetLake } from "./support/ledgers.ts";
import { renumber } from "./support/renumber.ts";
import { sharedMissing } from "./support/shared.ts";

const name = "ledgers that were given other places still hash and chain";
const title = sharedMissing ? `${name} (skipped: ${sharedMissing})` : name;

test(title, { skip: sharedMissing !== false }, () => {
  const check = createChainCheck();
  let previous: Uint8Array | undefined;
  pubnetLake().slice(0, 3).forEach(({ bytes }, index) => {
    const before = Uint8Array.from(bytes);
    const renumbered = renumber(bytes, 70_000_000 + index, previous);
    previous = renumbered.hash;
    assert.equal(readLedgerHeader(renumbered.bytes).sequence, 70_000_000 + index);
    check(verifyLedger(renumbered.bytes));
    assert.ok(Buffer.compare(bytes, before) === 0, "the ledger that was given is not changed");
  });
});
