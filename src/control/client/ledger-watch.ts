/** What only the ledgers themselves say: how many transactions passed, and of which network. */

import { ledgerEvent } from "../../events/ledger.ts";
import type { Batch } from "../../flow/batch.ts";
import type { Run } from "../../flow/run.ts";
import type { ComponentDeclaration } from "../../spec/declaration.ts";
import type { PipelineSpec } from "../../spec/pipeline.ts";
import { ledgerBytes } from "../../stellar/ledger-batch.ts";
import { openLedger } from "../../stellar/ledger.ts";

export interface LedgerWatch {
  /** Passphrase; undefined before the first ledger of a Stellar source. */
  network(): string | undefined;
  /** Called once, when the first ledger has told the network. */
  onNetwork(listener: () => void): void;
  /** So far, and a second since the call before; undefined where nobody looks into ledgers. */
  transactions(): Transactions | undefined;
  stop(): void;
}

export interface Transactions {
  readonly total: number;
  readonly perSecond: number;
}

export function watchLedgers(
  run: Run,
  pipeline: PipelineSpec,
  declarations: readonly ComponentDeclaration[],
): LedgerWatch {
  const counted = new Set(readSources(pipeline, declarations));
  let network: string | undefined;
  let total = 0;
  let told = { total: 0, at: performance.now() };
  let listener: () => void = () => {};

  const taps = pipeline.sources.map(({ id }) => {
    const untap = run.tap(id, (batch) => {
      if (counted.has(id)) total += countIn(batch);
      else untap();
      if (network !== undefined || batch.network === "") return;
      network = batch.network;
      listener();
    }, { rows: false });
    return untap;
  });

  return {
    network: () => network,
    onNetwork: (called) => void (listener = called),
    transactions() {
      if (counted.size === 0) return undefined;
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

/**
 * Sources whose ledgers a processor opens: what is found there is not looked for again. Where none
 * does, counting would cost more than all else that is reported.
 */
function readSources(
  { sources, processors }: PipelineSpec,
  declarations: readonly ComponentDeclaration[],
): readonly string[] {
  const openers = processors.filter(({ type }) =>
    declarations.some((one) => one.name === type && one.accepts.includes(ledgerEvent.name))
  );
  return sources.map(({ id }) => id)
    .filter((id) => openers.some(({ inputs }) => inputs.includes(id)));
}

function countIn(batch: Batch): number {
  const counted = batch.hollow?.made.transactions;
  if (counted !== undefined) return counted;
  const bytes = ledgerBytes(batch);
  if (bytes === undefined) return 0;
  try {
    return openLedger(bytes).transactionCount;
  } catch {
    // A damaged ledger is the processors' to report.
    return 0;
  }
}
