/** A lake as a source: when it is opened, where it starts, what is retried. */

import type { Config } from "../../gen/config/galexie.ts";
import type { Batch } from "../../flow/batch.ts";
import type { ComponentContext, LedgerRange, Packed, Source } from "../../flow/component.ts";
import { skipsUnknown } from "../../flow/on-unknown.ts";
import { isRemote, openStore } from "../../objects/open-store.ts";
import { retryingStore } from "../../objects/retrying-store.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { RetryPolicy } from "../../spec/pipeline.ts";
import { objectFetcher, openDecoded, openStored } from "./fetch-object.ts";
import type { FetchedObject, LakeObject, Opener, StoredObject } from "./fetch-object.ts";
import { type Lake, openLake } from "./lake.ts";
import { lakeHead } from "./lake-head.ts";
import { MAX_LEDGER } from "./lake-layout.ts";
import { chainFollower, packedLedgers } from "./packed-ledgers.ts";
import { readLedgers } from "./read-ledgers.ts";
import { startLedger } from "./start-ledger.ts";
import { storeOptions } from "./store-options.ts";

function retryPolicy(config: Config, policy: RetryPolicy): RetryPolicy {
  return {
    ...policy,
    max_retries: config.retry_limit ?? policy.max_retries,
    initial_delay_ms: config.retry_wait ?? policy.initial_delay_ms,
  };
}

function urlOf(config: Config, id: string): string {
  if (config.url !== undefined) return config.url;
  throw new FlowctlError("spec/missing-value", `source ${id}: url is not set`, {
    hint: "Set config.url to the lake: a folder, s3://BUCKET/PREFIX, gs://…, az://… or https://…",
  });
}

/** Whoever reads no further has no use for what is on its way. */
async function* untilLeft<T>(start: (stop: AbortSignal) => AsyncIterable<T>): AsyncGenerator<T> {
  const stop = new AbortController();
  try {
    yield* start(stop.signal);
  } finally {
    stop.abort();
  }
}

export function galexieSource(config: Config, context: ComponentContext): Source {
  const { log, meter, spec } = context;
  const url = urlOf(config, spec.id);
  const retry_policy = retryPolicy(config, spec.retry_policy);
  const closing = new AbortController();
  const signal = AbortSignal.any([context.signal, closing.signal]);

  const onRetry = (error: FlowctlError, attempt: number, delay_ms: number) => {
    meter.add("retries", 1);
    log.warn("reading the lake failed, trying again", {
      error: error.message,
      attempt,
      delay_ms,
    });
  };
  const store = openStore(url, storeOptions(config, context.env));
  // Objects are retried as a whole, with their decoding; everything else per request.
  const steady = retryingStore(store, { policy: retry_policy, signal, onRetry });
  const head = lakeHead(steady);

  let opening: Promise<Lake> | undefined;
  const lake = async () =>
    await (opening ??= openLake(steady, config, { signal, remote: isRemote(url) }));
  const onStored = (bytes: number) => {
    meter.add("total_bytes", bytes);
    meter.add("objects_read", 1);
  };
  const fetcherBy = <T extends FetchedObject>(opened: Lake, open: Opener<T>) =>
    objectFetcher(opened, { store, retry_policy, onRetry, onStored }, open);
  const fetcherOf = (opened: Lake) => fetcherBy(opened, openDecoded);

  const checks = {
    verify: config.verify,
    skipsUnknown: skipsUnknown(context.pipeline, spec.id),
  };
  const start = config.start_ledger ?? "latest";

  async function bounds() {
    const opened = await lake();
    head.refreshWhenOld(signal);
    const to = config.end_ledger;
    if (typeof start === "number") return { from: start, to };
    // A checkpoint or --from may make the name needless; if not, reading says what is wrong.
    if (!opened.store.canList) return { from: undefined, to };
    return { from: await startLedger(opened, fetcherOf(opened), start, signal), to };
  }

  async function firstLedger(opened: Lake): Promise<number> {
    if (typeof start === "number") return start;
    return await startLedger(opened, fetcherOf(opened), start, signal);
  }

  /** What following the lake through the range takes, besides a fetcher. */
  async function following(opened: Lake, range: LedgerRange, stop: AbortSignal) {
    head.refreshWhenOld(signal);
    return {
      lake: opened,
      head,
      from: range.from ?? await firstLedger(opened),
      to: range.to ?? config.end_ledger ?? MAX_LEDGER,
      wait: range.wait,
      poll_interval_ms: config.poll_interval,
      limits: {
        concurrent: config.prefetch,
        ahead: Math.max(config.buffer_size, config.prefetch),
        bytes: config.buffer_memory,
      },
      signal: AbortSignal.any([signal, stop]),
    };
  }

  /** An object that was damaged on the way goes through the retries, together with its decoding. */
  async function decode(opened: Lake, object: StoredObject, stop: AbortSignal) {
    const { key, bytes, first } = object;
    try {
      return await openDecoded(key, store.urlOf(key), bytes);
    } catch (error) {
      const again: LakeObject | undefined = isRemote(url)
        ? await fetcherOf(opened).fetch(first, stop)
        : undefined;
      if (again === undefined) throw error;
      return again;
    }
  }

  async function* ledgers(range: LedgerRange, stop: AbortSignal): AsyncGenerator<Batch> {
    const opened = await lake();
    const options = await following(opened, range, stop);
    if (options.from > options.to) return;
    yield* readLedgers({
      ...options,
      fetcher: fetcherBy(opened, openStored),
      decode: (object) => decode(opened, object, options.signal),
      source: spec.id,
      ...checks,
    });
  }

  async function* packed(range: LedgerRange, stop: AbortSignal): AsyncGenerator<Packed> {
    const opened = await lake();
    const options = await following(opened, range, stop);
    if (options.from > options.to) return;
    const fetcher = fetcherBy(opened, openStored);
    yield* packedLedgers({ ...options, fetcher, ...checks });
  }

  return {
    read: (range) => untilLeft((stop) => ledgers(range, stop)),
    readPacked: (range) => ({
      [Symbol.asyncIterator]: () => untilLeft((stop) => packed(range, stop)),
      follow: chainFollower(),
    }),
    bounds,
    head: () => head.latest,
    async close() {
      closing.abort();
      await store.close();
    },
  };
}
