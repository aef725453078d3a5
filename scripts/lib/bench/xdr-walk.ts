/**
 * How fast the generated readers walk whole ledgers, beside the SDK's decode of the same bytes in
 * the same run: `bun scripts/lib/bench/xdr-walk.ts`. The last line is the ratio.
 */

import { xdr } from "@stellar/stellar-sdk";
import { skipLedgerCloseMeta } from "../../../src/gen/xdr/ledger-close-meta.ts";
import { checkWhole } from "../../../src/stellar/xdr/xdr-bytes.ts";
import { pubnetLake } from "../../../tests/support/ledgers.ts";
import { sharedMissing } from "../../../tests/support/shared.ts";

const WALK_ROUNDS = 40;
const DECODE_ROUNDS = 3;

if (sharedMissing !== false) {
  console.log(`not measured: ${sharedMissing}`);
  process.exit(0);
}

const ledgers = pubnetLake().map(({ bytes }) => bytes);
const bytesPerLedger = ledgers.reduce((sum, bytes) => sum + bytes.length, 0) / ledgers.length;

/** Median milliseconds for one ledger over the rounds, each of which takes all ledgers. */
function measure(rounds: number, work: (bytes: Uint8Array) => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (const bytes of ledgers) work(bytes);
    times.push((performance.now() - start) / ledgers.length);
  }
  return times.sort((a, b) => a - b)[rounds >> 1] ?? NaN;
}

const walk_ms = measure(WALK_ROUNDS, (bytes) => {
  checkWhole(skipLedgerCloseMeta, bytes, "LedgerCloseMeta");
});
const decode_ms = measure(DECODE_ROUNDS, (bytes) => {
  xdr.LedgerCloseMeta.fromXdr(bytes);
});
console.log(`${ledgers.length} ledgers of ${(bytesPerLedger / 1e6).toFixed(2)} MB on average`);
console.log(`SDK decode ${decode_ms.toFixed(2)} ms a ledger, walk ${walk_ms.toFixed(3)} ms`);
console.log(`walking is ${(decode_ms / walk_ms).toFixed(1)} times as fast as decoding`);
