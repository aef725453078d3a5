/**
 * Milliseconds that each processor takes for a whole mainnet ledger in hand, on one thread:
 * `bun scripts/lib/bench/extract.ts`.
 */

import type { Batch } from "../../../src/flow/batch.ts";
import type { Processor } from "../../../src/flow/component.ts";
import { createContractEvents } from "../../../src/processors/contract-events/contract-events.ts";
import { createLedgers } from "../../../src/processors/ledgers.ts";
import { createTokenTransfer } from "../../../src/processors/token-transfer/token-transfer.ts";
import { createTransactions } from "../../../src/processors/transactions/transactions.ts";
import { ledgerBatch, ledgerBytes } from "../../../src/stellar/ledger-batch.ts";
import { verifyLedger } from "../../../src/stellar/verify.ts";
import { pubnetLake } from "../../../tests/support/ledgers.ts";
import { sharedMissing } from "../../../tests/support/shared.ts";

const ROUNDS = 60;

if (sharedMissing !== false) {
  console.log(`not measured: ${sharedMissing}`);
  process.exit(0);
}

const ledgers = pubnetLake();
const bytesPerLedger = ledgers.reduce((sum, { bytes }) => sum + bytes.length, 0) / ledgers.length;
console.log(`${ledgers.length} ledgers of ${(bytesPerLedger / 1e6).toFixed(2)} MB on average`);

const filters = { contract_ids: [], topics: [], event_types: [] };
const processors: Record<string, Processor> = {
  "token-transfer": createTokenTransfer({ transfers_from: "auto" }),
  "token-transfer, derived": createTokenTransfer({ transfers_from: "derived" }),
  "contract-events": createContractEvents({ ...filters, diagnostic_events: false }),
  "contract-events with diagnostic ones": createContractEvents({
    ...filters,
    diagnostic_events: true,
  }),
  "ledgers": createLedgers({}),
  "transactions": createTransactions({}),
};

for (const [name, processor] of Object.entries(processors)) {
  await measure(name, async (batch) => void await processor.process(batch));
}
await measure("all hashes", (batch) => void verifyLedger(bytesOf(batch)));
const transfers = createTokenTransfer({ transfers_from: "auto" });
await measure("all hashes, then token-transfer", async (batch) => {
  verifyLedger(bytesOf(batch));
  await transfers.process(batch);
});

function bytesOf(batch: Batch): Uint8Array {
  return ledgerBytes(batch) ?? new Uint8Array();
}

async function measure(
  name: string,
  work: (batch: Batch) => void | Promise<void>,
): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // New arrays on the same memory: what is known of a ledger is remembered by its array.
    const batches = ledgers.map(({ bytes, passphrase }) =>
      ledgerBatch({ source: "bench", network: passphrase, bytes: bytes.subarray() })
    );
    const start = performance.now();
    for (const batch of batches) await work(batch);
    times.push((performance.now() - start) / batches.length);
  }
  times.sort((a, b) => a - b);
  const median = times[ROUNDS >> 1] ?? NaN;
  const best = times[0] ?? NaN;
  console.log(`${name}: ${median.toFixed(2)} ms a ledger (best ${best.toFixed(2)})`);
}
