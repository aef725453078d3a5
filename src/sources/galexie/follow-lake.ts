/** The objects of a lake in order, waiting at its head for those that are still to come. */

import { setTimeout as sleep } from "node:timers/promises";
import { FlowctlError } from "../../spec/errors.ts";
import type { FetchedObject, ObjectFetcher } from "./fetch-object.ts";
import type { Lake } from "./lake.ts";
import type { LakeHead } from "./lake-head.ts";
import { oldestObject } from "./lake-bounds.ts";
import { batchSpan, MAX_LEDGER } from "./lake-layout.ts";
import { prefetcher, type PrefetchLimits } from "./prefetch.ts";

/** Pauses at the head grow by this factor, up to so many times the first one. */
export const POLL_GROWTH = 1.5;
export const POLL_MAX_FACTOR = 8;

/** Every so many looks at the head the lake is listed, for gaps wider than one object. */
const LOOKS_PER_LISTING = 10;

/** A busy ledger of today. */
const LEDGER_GUESS_BYTES = 1024 * 1024;

export interface FollowOptions<T extends FetchedObject> {
  readonly lake: Lake;
  readonly fetcher: ObjectFetcher<T>;
  readonly head: LakeHead;
  readonly from: number;
  /** The last ledger that is wanted. */
  readonly to: number;
  readonly wait: boolean;
  readonly poll_interval_ms: number;
  readonly limits: PrefetchLimits;
  readonly signal: AbortSignal;
}

async function missing(
  lake: Lake,
  ledger: number,
  key: string,
  signal: AbortSignal,
): Promise<FlowctlError> {
  const oldest = lake.store.canList ? await oldestObject(lake.store, { signal }) : undefined;
  if (oldest !== undefined && oldest.first > ledger) {
    return new FlowctlError(
      "source/out-of-range",
      `ledger ${ledger} is not in ${lake.store.url}, which starts with ledger ${oldest.first}`,
      { hint: `Start at ledger ${oldest.first} or later, or use "earliest".` },
    );
  }
  return new FlowctlError(
    "lake/missing-ledger",
    `ledger ${ledger} is missing: there is no ${lake.store.urlOf(key)}, though later ledgers exist`,
    {
      hint: "Fill the gap in the lake, start behind it, or check ledgers_per_batch and " +
        "batches_per_partition if the lake has no .config.json.",
    },
  );
}

function headReached(lake: Lake, ledger: number, key: string): FlowctlError {
  return new FlowctlError(
    "source/head-reached",
    `ledger ${ledger} is not in the lake yet: there is no ${lake.store.urlOf(key)}`,
    { hint: "Run without --no-wait to wait for it, or choose an earlier end." },
  );
}

/** Throws `lake/missing-ledger`, `source/head-reached`, and what fetching throws. */
export async function* followLake<T extends FetchedObject>(
  options: FollowOptions<T>,
): AsyncGenerator<T> {
  const { lake, fetcher, head, signal } = options;
  const size = lake.layout.ledgersPerBatch;
  const lastStart = batchSpan(lake.layout, options.to).first;
  const objects = prefetcher<T>(batchSpan(lake.layout, options.from).first, {
    limits: options.limits,
    after: (start) => start + size > lastStart ? undefined : start + size,
    fetch: (start) => fetcher.fetch(start, signal),
    bytesOf: (object) => object.held_bytes,
    guess_bytes: size * LEDGER_GUESS_BYTES,
  });

  /** Whether the lake has this object or later ones, so that it is not just late. */
  async function laterExists(start: number, look: number): Promise<boolean> {
    if (look % LOOKS_PER_LISTING === 0) {
      const newest = await head.refresh(signal);
      if (newest !== undefined) return newest >= start;
    }
    const next = start + size;
    return next <= MAX_LEDGER && await fetcher.exists(next, signal);
  }

  /** The object at the head once it is there. */
  async function waitFor(start: number, foundBehind: boolean): Promise<T> {
    const wanted = Math.max(start, options.from);
    let pause_ms = options.poll_interval_ms;
    for (let look = 0;; look++) {
      const later = foundBehind || await laterExists(start, look);
      // Asked after that: it may have come in between.
      const object = await fetcher.fetch(start, signal, later || !options.wait);
      if (object !== undefined) return object;
      if (later) throw await missing(lake, wanted, fetcher.keyOf(start), signal);
      if (!options.wait) throw headReached(lake, wanted, fetcher.keyOf(start));
      await sleep(pause_ms, undefined, { signal }).catch(() => signal.throwIfAborted());
      pause_ms = Math.min(pause_ms * POLL_GROWTH, options.poll_interval_ms * POLL_MAX_FACTOR);
    }
  }

  let start = batchSpan(lake.layout, options.from).first;
  while (!objects.done) {
    const ready = await objects.peek();
    if (ready === undefined) {
      const object = await waitFor(start, await objects.foundBehind());
      head.saw(object.last);
      yield object;
      start += size;
      if (start > lastStart) return;
      objects.restart(start);
    } else {
      head.saw(ready.last);
      objects.advance();
      yield ready;
      start += size;
    }
  }
}
