/** Gets the object that holds a ledger, whichever of the lake's naming styles it has. */

import { isNotFound } from "../../objects/object-error.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { withRetry } from "../../objects/retry.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { RetryPolicy } from "../../spec/pipeline.ts";
import { decodeObject } from "./decode-object.ts";
import type { Lake } from "./lake.ts";
import { objectKey, type Suffix, SUFFIXES } from "./lake-layout.ts";
import type { LedgerBatch } from "./split-batch.ts";

export interface LakeObject extends LedgerBatch {
  readonly key: string;
  /** As it was fetched. */
  readonly stored_bytes: number;
  /** What it takes in memory. */
  readonly held_bytes: number;
}

/** How a lake's objects are named beside their numbers. */
interface Style {
  readonly suffix: Suffix;
  readonly folders: boolean;
}

export interface FetchOptions {
  /** The lake's store without retries: an object is retried together with its decoding. */
  readonly store: ObjectStore;
  readonly retry_policy: RetryPolicy;
  readonly onRetry: (error: FlowctlError, attempt: number, delay_ms: number) => void;
  readonly onStored: (bytes: number) => void;
}

export interface ObjectFetcher {
  /**
   * Undefined when there is no such object. `everyStyle` also tries the names that this lake's
   * objects have not had so far; the first call always does.
   */
  fetch(ledger: number, signal: AbortSignal, everyStyle?: boolean): Promise<LakeObject | undefined>;
  /** Whether the object is there, under a name like those found before. */
  exists(ledger: number, signal: AbortSignal): Promise<boolean>;
  /** Key of the object by the style found before. */
  keyOf(ledger: number): string;
}

function stylesOf(lake: Lake): Style[] {
  const folders = lake.layout.batchesPerPartition > 1 ? [true, false] : [false];
  return folders.flatMap((inFolder) => SUFFIXES.map((suffix) => ({ suffix, folders: inFolder })));
}

export function objectFetcher(lake: Lake, options: FetchOptions): ObjectFetcher {
  const { layout } = lake;
  const { store } = options;
  let styles = stylesOf(lake);
  let found = false;

  const keyIn = (style: Style, ledger: number) =>
    objectKey(style.folders ? layout : { ...layout, batchesPerPartition: 1 }, ledger, style.suffix);

  async function getBytes(
    ledger: number,
    signal: AbortSignal,
    everyStyle: boolean,
  ): Promise<{ key: string; bytes: Uint8Array } | undefined> {
    const tried = everyStyle || !found ? styles : styles.slice(0, 1);
    for (const style of tried) {
      const key = keyIn(style, ledger);
      try {
        const bytes = await store.get(key, { signal });
        styles = [style, ...styles.filter((other) => other !== style)];
        found = true;
        return { key, bytes };
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return undefined;
  }

  async function fetch(ledger: number, signal: AbortSignal, everyStyle = false) {
    return await withRetry(
      { policy: options.retry_policy, signal, onRetry: options.onRetry },
      async (): Promise<LakeObject | undefined> => {
        const got = await getBytes(ledger, signal, everyStyle);
        if (got === undefined) return undefined;
        const { key, bytes } = got;
        options.onStored(bytes.byteLength);
        try {
          const batch = await decodeObject(key, store.urlOf(key), bytes);
          const held_bytes = batch.ledgers.reduce((sum, meta) => sum + meta.byteLength, 0);
          return { ...batch, key, stored_bytes: bytes.byteLength, held_bytes };
        } catch (error) {
          // Damage on the way goes away when it is fetched again; on a disk it stays.
          if (!lake.remote || !(error instanceof FlowctlError)) throw error;
          const { code, message, hint } = error;
          throw new FlowctlError(code, message, {
            ...(hint === undefined ? {} : { hint }),
            retryable: true,
            cause: error.cause,
          });
        }
      },
    );
  }

  const keyOf = (ledger: number) => {
    const [style] = styles;
    if (style === undefined) throw new Error("a lake has at least one style");
    return keyIn(style, ledger);
  };

  return {
    fetch,
    keyOf,
    exists: async (ledger, signal) =>
      (await lake.store.head(keyOf(ledger), { signal })) !== undefined,
  };
}
