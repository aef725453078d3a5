/** A source whose ledgers come from worker threads, with what these have made of them. */

import type { Batch } from "../batch.ts";
import type { LedgerRange, Packed, PackedReading, Source, SourceDefinition } from "../component.ts";
import { WORTH_THREADS_ledgers } from "./crew.ts";
import type { Crew } from "./crew.ts";
import { mapAhead } from "../map-ahead.ts";
import type { JobResult } from "./messages.ts";
import type { Pool } from "./pool.ts";
import { resultBatch } from "./result-batch.ts";
import { sizeOf } from "./transfer.ts";

/** Stored and encoded bytes that may be under way before no further job begins. */
export const AHEAD_LIMIT_bytes = 32 * 1024 * 1024;
/** With `workers: auto`, how often it is looked whether threads are worth their start. */
export const LOOK_EVERY_ledgers = 64;

export interface OffloadedSourceOptions {
  /** Id of the source component. */
  readonly id: string;
  readonly source: Source;
  readonly definition: SourceDefinition;
  readonly crew: Crew;
}

export function offloadedSource(options: OffloadedSourceOptions): Source {
  const { crew, source } = options;
  const auto = crew.threads === "auto";
  return {
    ...source,
    read: (range) => auto ? readAuto(options, range) : readShared(options, range),
  };
}

/** By the threads, from beginning to end. */
async function* readShared(
  options: OffloadedSourceOptions,
  range: LedgerRange,
): AsyncGenerator<Batch> {
  const reading = createReading(options, range);
  const pool = options.crew.join();
  try {
    yield* reading.byThreads(pool, range.to);
  } finally {
    options.crew.leave();
  }
}

/** On this thread, and by others as long as there is much to catch up with. */
async function* readAuto(
  options: OffloadedSourceOptions,
  range: LedgerRange,
): AsyncGenerator<Batch> {
  const { source, crew } = options;
  const reading = createReading(options, range);
  const end = () => range.to ?? source.head?.();
  let given = 0;
  function worthThreads(): boolean {
    given += 1;
    return given % LOOK_EVERY_ledgers === 0 &&
      (end() ?? 0) - (reading.last ?? 0) >= WORTH_THREADS_ledgers;
  }
  while (!reading.ended) {
    yield* reading.here(undefined, worthThreads);
    if (reading.ended) return;
    const pool = crew.join();
    try {
      yield* reading.here(undefined, () => pool.settled);
      yield* reading.byThreads(pool, end());
    } finally {
      crew.leave();
    }
  }
}

interface Reading {
  /** The last ledger that it gave. */
  readonly last: number | undefined;
  /** The range is done. */
  readonly ended: boolean;
  /** On this thread, to the end of the range, or to `to`, or until `enough` after a ledger. */
  here(to: number | undefined, enough?: () => boolean): AsyncGenerator<Batch>;
  /** By the threads, to the end of the range or to `to`. What they cannot do is read here. */
  byThreads(pool: Pool, to: number | undefined): AsyncGenerator<Batch>;
}

/** One reading of the range, by different means one after the other. */
function createReading(
  { id, source, definition }: OffloadedSourceOptions,
  range: LedgerRange,
): Reading {
  let last: number | undefined;
  let ended = false;

  /** Begins with the ledger before, if there is one: what follows is checked to build on it. */
  const rest = (to = range.to): LedgerRange => ({ ...range, from: last ?? range.from, to });
  const isNew = (sequence: number) => last === undefined || sequence > last;
  const isDone = (to: number | undefined) =>
    to !== undefined && (last ?? (range.from ?? 0) - 1) >= to;

  async function* here(to: number | undefined, enough = () => false): AsyncGenerator<Batch> {
    if (isDone(to ?? range.to)) return void (ended ||= isDone(range.to));
    for await (const batch of source.read(rest(to))) {
      if (!isNew(batch.sequence)) continue;
      last = batch.sequence;
      yield batch;
      if (enough()) return;
    }
    ended = to === undefined || isDone(range.to);
  }

  async function* byThreads(pool: Pool, to: number | undefined): AsyncGenerator<Batch> {
    while (!ended && !isDone(to)) {
      const packed = pool.usable ? source.readPacked?.(rest(to)) : undefined;
      if (packed === undefined) return yield* here(to);
      const missing = yield* made(pool, packed);
      if (missing === undefined) {
        ended = to === undefined || to === range.to;
        return;
      }
      // Read here it is given after all, or it is told what is wrong with it. One that is given
      // already is where the next reading begins: the one after it is read here, too, or threads
      // that refuse it would be asked again for ever.
      yield* here(isNew(missing) ? missing : missing + 1);
    }
  }

  /** Ends early where something has to be read here, and then tells up to which ledger. */
  async function* made(
    pool: Pool,
    reading: PackedReading,
  ): AsyncGenerator<Batch, number | undefined> {
    const results = mapAhead<Packed, JobResult | undefined>(reading, {
      limits: { count: 2 * pool.capacity, bytes: AHEAD_LIMIT_bytes },
      bytesOf: ({ bytes }, result) => result === undefined ? bytes.byteLength : sizeOf(result),
      work: (packed) => pool.run({ source: id, packed }),
    });
    for await (const { input, output } of results) {
      const { packed, ledgers } = output ?? { packed: input, ledgers: [] };
      for (const ledger of ledgers) {
        if (ledger.link !== undefined) reading.follow(packed, ledger.link);
        if (!isNew(ledger.sequence)) continue;
        last = ledger.sequence;
        yield resultBatch({ source: id, definition, packed, ledger });
      }
      if (packed.first + ledgers.length <= packed.last) return packed.last;
    }
    return undefined;
  }

  return {
    get last() {
      return last;
    },
    get ended() {
      return ended;
    },
    here,
    byThreads,
  };
}
