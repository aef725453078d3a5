/** Gets the object that holds a ledger, whichever of the lake's naming styles it has. */

import { isNotFound } from "../../objects/object-error.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { withRetry } from "../../objects/retry.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { RetryPolicy } from "../../spec/pipeline.ts";
import { decodeObject, nameOf } from "./decode-object.ts";
import type { Lake } from "./lake.ts";
import { type LedgerSpan, objectKey, type Suffix, SUFFIXES } from "./lake-layout.ts";
import type { LedgerBatch } from "./split-batch.ts";

/** An object of a lake, decoded or not. */
export interface FetchedObject extends LedgerSpan {
  readonly key: string;
  /** What it takes in memory. */
  readonly held_bytes: number;
}

/** Decoded. */
export interface LakeObject extends FetchedObject, LedgerBatch {}

/** As it was fetched; its ledgers are those of its name. */
export interface StoredObject extends FetchedObject {
  readonly bytes: Uint8Array;
}

/** Makes an object of what was fetched. Throws what is wrong with it. */
export type Opener<T extends FetchedObject> = (
  key: string,
  url: string,
  bytes: Uint8Array,
) => Promise<T> | T;

export async function openDecoded(
  key: string,
  url: string,
  bytes: Uint8Array,
): Promise<LakeObject> {
  const batch = await decodeObject(key, url, bytes);
  const held_bytes = batch.ledgers.reduce((sum, meta) => sum + meta.byteLength, 0);
  return { ...batch, key, held_bytes };
}

export function openStored(key: string, _url: string, bytes: Uint8Array): StoredObject {
  const { first, last } = nameOf(key);
  return { first, last, key, bytes, held_bytes: bytes.byteLength };
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

export interface ObjectFetcher<T extends FetchedObject = LakeObject> {
  /**
   * Undefined when there is no such object. `everyStyle` also tries the names that this lake's
   * objects have not had so far; the first call always does.
   */
  fetch(ledger: number, signal: AbortSignal, everyStyle?: boolean): Promise<T | undefined>;
  /** Whether the object is there, under a name like those found before. */
  exists(ledger: number, signal: AbortSignal): Promise<boolean>;
  /** Key of the object by the style found before. */
  keyOf(ledger: number): string;
}

function stylesOf(lake: Lake): Style[] {
  const folders = lake.layout.batchesPerPartition > 1 ? [true, false] : [false];
  return folders.flatMap((inFolder) => SUFFIXES.map((suffix) => ({ suffix, folders: inFolder })));
}

export function objectFetcher<T extends FetchedObject>(
  lake: Lake,
  options: FetchOptions,
  open: Opener<T>,
): ObjectFetcher<T> {
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
      async (): Promise<T | undefined> => {
        const got = await getBytes(ledger, signal, everyStyle);
        if (got === undefined) return undefined;
        const { key, bytes } = got;
        options.onStored(bytes.byteLength);
        try {
          return await open(key, store.urlOf(key), bytes);
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
