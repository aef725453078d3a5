/** How fast the generated readers walk whole ledgers, beside the SDK's decode of the same bytes. */

import { xdr } from "@stellar/stellar-sdk";
import { skipLedgerCloseMeta } from "../../../src/gen/xdr/ledger-close-meta.ts";
import { checkWhole } from "../../../src/stellar/xdr/xdr-bytes.ts";
import { pubnetLake } from "../../../tests/support/ledgers.ts";
import { sharedMissing } from "../../../tests/support/shared.ts";
import { atLeast, type BenchPart, figure, median, megabytes, spread } from "./section.ts";

const TARGET_times = 40;
const ROUNDS = 4;
/** Walks in a round; the SDK decodes once. */
const WALKS = 10;

export const xdrWalk: BenchPart = {
  name: "xdr-walk",
  title: "Walking a ledger's XDR",
  inQuick: true,
  measure() {
    if (sharedMissing !== false) return Promise.resolve({ skipped: sharedMissing });
    const ledgers = pubnetLake().map(({ bytes }) => bytes);
    const perLedger_bytes = ledgers.reduce((sum, { length }) => sum + length, 0) / ledgers.length;
    const walk_ms: number[] = [];
    const decode_ms: number[] = [];
    // The first round, before the code is compiled, does not count.
    for (let round = 0; round <= ROUNDS; round++) {
      const walks = Array.from({ length: WALKS }, () => eachTakes_ms(ledgers, walk));
      const decoded_ms = eachTakes_ms(ledgers, (bytes) => xdr.LedgerCloseMeta.fromXdr(bytes));
      if (round === 0) continue;
      walk_ms.push(...walks);
      decode_ms.push(decoded_ms);
    }
    const times = median(decode_ms) / median(walk_ms);
    const each = megabytes(perLedger_bytes);
    return Promise.resolve({
      method:
        `Over ${ledgers.length} mainnet ledgers in memory, on one thread, in turns: every length, ` +
        "discriminant and enum checked and nothing read, beside the SDK's decode into objects.",
      columns: ["what", "MB of XDR each", "ms a ledger"],
      rows: [
        ["walk to the end", each, spread(walk_ms)],
        ["SDK, full decode", each, spread(decode_ms)],
      ],
      targets: [
        atLeast(TARGET_times, { what: "walk, times the SDK's decode", unit: "times", seen: times }),
      ],
      notMeasured: ["Reading fields: what a table costs is in the sections of the tables."],
      summary: `XDR walk ${figure(times)} times the SDK's decode`,
    });
  },
};

function walk(bytes: Uint8Array): void {
  checkWhole(skipLedgerCloseMeta, bytes, "LedgerCloseMeta");
}

function eachTakes_ms(ledgers: readonly Uint8Array[], work: (bytes: Uint8Array) => void): number {
  const start = performance.now();
  for (const bytes of ledgers) work(bytes);
  return (performance.now() - start) / ledgers.length;
}
