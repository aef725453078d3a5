/** What only the ledgers themselves say: how many transactions passed, and of which network. */

import type { Run } from "../../flow/run.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { ledgerBytes } from "../../stellar/ledger-batch.ts";
import { openLedger } from "../../stellar/ledger.ts";

export interface LedgerWatch {
  /** Passphrase; undefined before the first ledger of a Stellar source. */
  network(): string | undefined;
  /** Called once, when the first ledger has told the network. */
  onNetwork(listener: () => void): void;
  /** Transactions so far, and a second since the call before. */
  transactions(): { readonly total: number; readonly perSecond: number };
  stop(): void;
}

export function watchLedgers(run: Run, pipeline: PipelineSpec): LedgerWatch {
  let network: string | undefined;
  let total = 0;
  let told = { total: 0, at: performance.now() };
  let listener: () => void = () => {};

  const taps = pipeline.sources.map(({ id }) =>
    run.tap(id, (batch) => {
      const bytes = ledgerBytes(batch);
      if (bytes === undefined) return;
      total += countIn(bytes);
      if (network !== undefined || batch.network === "") return;
      network = batch.network;
      listener();
    })
  );

  return {
    network: () => network,
    onNetwork: (called) => void (listener = called),
    transactions() {
      const now = performance.now();
      const seconds = (now - told.at) / 1000;
      const perSecond = seconds > 0 ? (total - told.total) / seconds : 0;
      told = { total, at: now };
      return { total, perSecond };
    },
    stop() {
      for (const untap of taps) untap();
    },
  };
}

/** Processors open the same ledger: what is found here is not looked for again. */
function countIn(bytes: Uint8Array): number {
  try {
    return openLedger(bytes).transactionCount;
  } catch {
    // A damaged ledger is the processors' to report.
    return 0;
  }
}
