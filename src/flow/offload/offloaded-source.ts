/** A source whose ledgers come from worker threads, with what these have made of them. */

import { ledgerBatch } from "../../stellar/ledger-batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { hollowBatch } from "../batch.ts";
import type { Batch, MadeLedger } from "../batch.ts";
import type { LedgerRange, Packed, PackedReading, Source, SourceDefinition } from "../component.ts";
import { mapAhead } from "./map-ahead.ts";
import type { LedgerResult } from "./messages.ts";
import type { Pool } from "./pool.ts";

/**
 * Stored bytes that may be under way or made. A ledger takes several times as much unpacked, and
 * about as much again in rows.
 */
export const AHEAD_LIMIT_bytes = 32 * 1024 * 1024;

export interface OffloadedSourceOptions {
  /** Id of the source component. */
  readonly id: string;
  readonly source: Source;
  readonly definition: SourceDefinition;
  readonly pool: Pool;
}

/** Ledgers that no thread could unpack. */
interface Missing {
  readonly from: number;
  readonly to: number;
}

export function offloadedSource(options: OffloadedSourceOptions): Source {
  const { source, id, pool } = options;

  async function* read(range: LedgerRange): AsyncGenerator<Batch> {
    let from = range.from;
    while (range.to === undefined || from === undefined || from <= range.to) {
      const reading = pool.usable ? source.readPacked?.({ ...range, from }) : undefined;
      if (reading === undefined) return yield* source.read({ ...range, from });
      const missing = yield* readMade(reading);
      if (missing === undefined) return;
      // Read the ordinary way it is given after all, or it is told what is wrong with it.
      yield* source.read({ ...range, ...missing });
      from = missing.to + 1;
    }
  }

  /** Ends early at a ledger that has to be read otherwise. */
  async function* readMade(reading: PackedReading): AsyncGenerator<Batch, Missing | undefined> {
    const results = mapAhead(reading, {
      limits: { count: 2 * pool.capacity, bytes: AHEAD_LIMIT_bytes },
      bytesOf: ({ bytes }) => bytes.byteLength,
      work: (packed) => pool.run({ source: id, packed }),
    });
    for await (const { input: packed, output: ledgers = [] } of results) {
      for (const ledger of ledgers) {
        if (ledger.link !== undefined) reading.follow(packed, ledger.link);
        yield batchOf(options, packed, ledger);
      }
      const from = packed.first + ledgers.length;
      if (from <= packed.last) return { from, to: packed.last };
    }
    return undefined;
  }

  return { ...source, read };
}

function batchOf(
  { id, definition }: OffloadedSourceOptions,
  packed: Packed,
  { sequence, network, closedAt, bytes, bare, made }: LedgerResult,
): Batch {
  const whole = bare === undefined ? undefined : ledgerBatch({ source: id, network, bytes: bare });
  if (whole !== undefined && made === undefined) return whole;
  const fill = () => Promise.resolve(whole ?? unpackAgain(definition, packed, id, sequence));
  const hollow = { bytes, events: 1, made: made ?? NOTHING, fill };
  return hollowBatch({ source: id, sequence, network, closedAt }, hollow);
}

const NOTHING: MadeLedger = { nodes: {}, encoded: {} };

function unpackAgain(
  definition: SourceDefinition,
  packed: Packed,
  source: string,
  sequence: number,
): Batch {
  for (const { batch } of definition.unpack?.(packed, source) ?? []) {
    if (batch.sequence === sequence) return batch;
  }
  throw new FlowctlError("flow/internal", `ledger ${sequence} was there and is not any more`);
}
