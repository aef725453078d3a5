/** Lakes of synthetic ledgers, and reading a lake as a run does. */

import { rewriteConfig } from "../../src/sources/galexie/rewrite-config.ts";
import { galexie } from "../../src/sources/galexie/galexie.ts";
import { createLakeWriter, type LakeWriterOptions } from "../../src/sources/galexie/lake-writer.ts";
import { sandboxNetwork } from "../../src/sources/sandbox/network.ts";
import type { Batch } from "../../src/flow/batch.ts";
import type { ComponentContext, LedgerRange } from "../../src/flow/component.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import type { RetryPolicy } from "../../src/spec/pipeline.ts";
import { ledgerBytes } from "../../src/stellar/ledger-batch.ts";
import { testContext } from "./sink-context.ts";

export const SYNTHETIC_NETWORK = "flowctl test network";

/** Consecutive ledgers with an intact hash chain, as LedgerCloseMeta XDR. */
export function syntheticLedgers(first: number, count: number, transactions = 3): Uint8Array[] {
  const network = sandboxNetwork({
    passphrase: SYNTHETIC_NETWORK,
    seed: "lake",
    startLedger: first,
    startTime_s: 1_700_000_000,
    closeInterval_s: 5,
    transactions,
    sorobanShare: 0.2,
    failureShare: 0.1,
    accounts: 10,
  });
  return Array.from({ length: count }, () => network.next().encode());
}

export async function writeLake(
  store: ObjectStore,
  ledgers: readonly Uint8Array[],
  options: Partial<LakeWriterOptions> = {},
): Promise<void> {
  const writer = await createLakeWriter(store, { network: SYNTHETIC_NETWORK, ...options });
  for (const ledger of ledgers) await writer.write(ledger);
}

export interface ReadOptions {
  readonly retry_policy?: Partial<RetryPolicy>;
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly onWarning?: (message: string) => void;
}

export function lakeContext(
  config: Record<string, unknown>,
  options: ReadOptions = {},
): ComponentContext {
  const base = testContext(galexie, rewriteConfig(config));
  return {
    ...base,
    spec: { ...base.spec, retry_policy: { ...base.spec.retry_policy, ...options.retry_policy } },
    log: {
      ...base.log,
      warn: (message, fields) => options.onWarning?.(`${message} ${JSON.stringify(fields)}`),
    },
    signal: options.signal ?? base.signal,
    env: options.env ?? {},
  };
}

/** The batches of a range; `each` is called as they come. */
export async function readLake(
  config: Record<string, unknown>,
  range: Partial<LedgerRange> = {},
  options: ReadOptions & { readonly each?: (batch: Batch) => unknown } = {},
): Promise<Batch[]> {
  const source = await galexie.create(lakeContext(config, options));
  try {
    const bounds = await source.bounds();
    const batches: Batch[] = [];
    const whole = { from: range.from ?? bounds.from, to: range.to ?? bounds.to };
    for await (const batch of source.read({ ...whole, wait: range.wait ?? false })) {
      batches.push(batch);
      await options.each?.(batch);
    }
    return batches;
  } finally {
    await source.close();
  }
}

export function sequencesOf(batches: readonly Batch[]): number[] {
  return batches.map((batch) => batch.sequence);
}

export function metasOf(batches: readonly Batch[]): Uint8Array[] {
  return batches.map((batch) => {
    const bytes = ledgerBytes(batch);
    if (bytes === undefined) throw new Error(`batch ${batch.sequence} has no ledger`);
    return bytes;
  });
}

export function sameLedgers(read: readonly Uint8Array[], written: readonly Uint8Array[]): boolean {
  return read.length === written.length &&
    read.every((bytes, index) => Buffer.compare(bytes, written[index] ?? new Uint8Array()) === 0);
}
