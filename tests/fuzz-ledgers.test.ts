import assert from "node:assert/strict";
import { test } from "node:test";
import { ledgerEvent } from "../src/events/ledger.ts";
import type { Batch } from "../src/flow/batch.ts";
import type { Processor } from "../src/flow/component.ts";
import { createContractEvents } from "../src/processors/contract-events/contract-events.ts";
import { createPayments } from "../src/processors/payments/payments.ts";
import { createContractInvocations } from "../src/processors/contract-invocations/contract-invocations.ts";
import { createEffects } from "../src/processors/effects/effects.ts";
import { createAssets } from "../src/processors/assets/assets.ts";
import { createEntryTable } from "../src/processors/entries/entry-table.ts";
import { accountsTable } from "../src/processors/entries/accounts.ts";
import { claimableBalancesTable } from "../src/processors/entries/claimable-balances.ts";
import { configSettingsTable } from "../src/processors/entries/config-settings.ts";
import { contractCodeTable } from "../src/processors/entries/contract-code.ts";
import { contractDataTable } from "../src/processors/entries/contract-data.ts";
import { liquidityPoolsTable } from "../src/processors/entries/liquidity-pools.ts";
import { offersTable } from "../src/processors/entries/offers.ts";
import { restoredKeysTable } from "../src/processors/entries/restored-keys.ts";
import { signersTable } from "../src/processors/entries/signers.ts";
import { trustlinesTable } from "../src/processors/entries/trustlines.ts";
import { ttlTable } from "../src/processors/entries/ttl.ts";
import { createLargeTransactionDetector } from "../src/processors/large-transaction-detector.ts";
import { createOperations } from "../src/processors/operations/operations.ts";
import { createTrades } from "../src/processors/trades/trades.ts";
import { createLedgers } from "../src/processors/ledgers.ts";
import { createTokenTransfer } from "../src/processors/token-transfer/token-transfer.ts";
import { createTransactions } from "../src/processors/transactions/transactions.ts";
import { FlowctlError } from "../src/spec/errors.ts";
import { ledgerBatch } from "../src/stellar/ledger-batch.ts";
import { readLedgerHeader } from "../src/stellar/ledger-header.ts";
import { verifyLedger } from "../src/stellar/verify.ts";
import { allLedgers } from "./support/ledgers.ts";
import { sharedMissing } from "./support/shared.ts";
import { namedSchemas, randomXdr, seeded } from "./support/xdr-schema.ts";

const skip = sharedMissing !== false;
const why = sharedMissing === false ? "" : ` (skipped: ${sharedMissing})`;

const PASSPHRASE = "Public Global Stellar Network ; September 2015";
const ROUNDS = 400;
/** Far above what any ledger takes: reading must not hang. */
const MAX_READ_MS = 2000;

const filters = { contract_ids: [], topics: [], event_types: [] };
const processors: readonly Processor[] = [
  createTokenTransfer({ transfers_from: "auto" }),
  createTokenTransfer({ transfers_from: "unified" }),
  createTokenTransfer({ transfers_from: "derived" }),
  createContractEvents({ ...filters, diagnostic_events: true }),
  createLedgers({}),
  createTransactions({}),
  createOperations({}),
  createTrades({}),
  createEffects({}),
  createContractInvocations({ contract_ids: [], functions: [] }),
  createPayments({ min_amount: 0, assets: [], accounts: [], memos: [] }),
  createLargeTransactionDetector({ threshold_xlm: 0 }),
  createAssets({}),
  ...[
    accountsTable,
    claimableBalancesTable,
    configSettingsTable,
    contractCodeTable,
    contractDataTable,
    liquidityPoolsTable,
    offersTable,
    restoredKeysTable,
    signersTable,
    trustlinesTable,
    ttlTable,
  ].flatMap((table) => [
    createEntryTable(table, { changes: "last" }),
    createEntryTable(table, { changes: "all" }),
  ]),
];

function batchOf(bytes: Uint8Array): Batch {
  const row = { ledger_close_meta_xdr: bytes };
  return {
    source: "fuzz",
    sequence: 7,
    network: PASSPHRASE,
    closedAt: new Date(0),
    groups: [{ type: ledgerEvent, rows: [row] }],
    bytes: bytes.length,
  };
}

/** Everything that reads ledgers gives rows or a FlowctlError that says where. */
function readEverything(bytes: Uint8Array): number {
  let rows = 0;
  const started = performance.now();
  const readers: (() => unknown)[] = [
    () => readLedgerHeader(bytes),
    () => verifyLedger(bytes),
    () => ledgerBatch({ source: "fuzz", network: PASSPHRASE, bytes }),
    ...processors.map((processor) => () => {
      const made = processor.process(batchOf(bytes)) as Batch;
      for (const group of made.groups) rows += group.rows.length;
    }),
  ];
  for (const read of readers) {
    try {
      read();
    } catch (thrown) {
      if (!(thrown instanceof FlowctlError)) throw thrown;
      assert.match(thrown.code, /^(xdr|ledger)\//, thrown.message);
      if (thrown.code.startsWith("xdr/")) assert.match(thrown.message, /at byte \d+/);
    }
  }
  assert.ok(performance.now() - started < MAX_READ_MS);
  return rows;
}

test("random bytes are an error with a byte offset", () => {
  const random = seeded(21);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Uint8Array.from(
      { length: Math.floor(random() * 5000) },
      () => Math.floor(random() * (round % 2 === 0 ? 256 : 4)),
    );
    readEverything(bytes);
  }
});

test("random values of LedgerCloseMeta are rows or an error", () => {
  const random = seeded(22);
  const schema = namedSchemas().get("LedgerCloseMeta");
  assert.ok(schema);
  for (let round = 0; round < ROUNDS; round++) readEverything(randomXdr(schema, random));
});

test(`damaged ledgers are rows or an error${why}`, { skip }, () => {
  const random = seeded(23);
  const ledgers = allLedgers().filter(({ name }) => !/load-v25 #([1-9]|..)/.test(name));
  let rows = 0;
  for (let round = 0; round < ROUNDS / 4; round++) {
    const ledger = ledgers[Math.floor(random() * ledgers.length)];
    assert.ok(ledger);
    rows += readEverything(damaged(ledger.bytes, random));
  }
  assert.ok(rows > 0);
});

test(`an error names ledger, transaction, type and byte${why}`, { skip }, () => {
  const ledger = allLedgers()[0];
  assert.ok(ledger);
  const bytes = Uint8Array.from(ledger.bytes);
  const view = new DataView(bytes.buffer);
  // The last bytes of the first fee event's "fee" symbol are followed by an address of type 0.
  const at = Buffer.from(bytes).indexOf(Buffer.from("\x03fee\0\0\0\0\x12", "latin1")) + 9;
  view.setUint32(at, 77);
  const [processor] = processors;
  assert.throws(
    () => processor?.process(batchOf(bytes)),
    new RegExp(`ledger 7, transaction 1 [0-9a-f]{64}: ScAddress at byte ${at} has no arm 77`),
  );
});

function damaged(intact: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  if (below(5) === 0) return intact.subarray(0, below(intact.length));
  const bytes = Uint8Array.from(intact);
  for (let i = below(4); i >= 0; i--) {
    if (below(2) === 0) bytes[below(bytes.length)] = below(256);
    else bytes.set([0, 0, 0, below(24)], below(bytes.length >> 2) * 4);
  }
  return bytes;
}
