/**
 * The unit that travels along an edge: everything that one ledger gave, in order, empty or not.
 */

import type { EventType } from "../events/event-type.ts";

export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * A column's value. How a column type is held:
 * string, decimal (canonical digits such as "833.8686995") → string; int32, double → number;
 * int64, uint64 → bigint; boolean → boolean; timestamp → Date (one object shared by a ledger's
 * rows); bytes → Uint8Array; strings → string[]; json → Json.
 */
export type Value = Json | Date | Uint8Array;

/** One event. Its keys are the columns of its event type, in that order, always all of them. */
export type Row = { readonly [column: string]: Value };

/** The rows of one event type, in ledger order. */
export interface EventGroup {
  readonly type: EventType;
  readonly rows: readonly Row[];
}

/** An event that a component goes on without, and why. */
export interface SetAside {
  readonly type: EventType;
  readonly row: Row;
  readonly error: unknown;
}

/** Which ledger a batch is of. */
export interface BatchKey {
  /** Id of the source component; with `sequence` the key of checkpoints, gap checks, message ids. */
  readonly source: string;
  /** Ledger sequence, or the own sequence of a source that is not Stellar. */
  readonly sequence: number;
  /** Network passphrase; empty for a source that is not Stellar. */
  readonly network: string;
  /** Close time of the ledger. */
  readonly closedAt: Date;
}

export interface Batch extends BatchKey {
  /** By event type; a type without rows may be missing. Empty: nothing happened, progress goes on. */
  readonly groups: readonly EventGroup[];
  /** Rough size in memory, bytes: what bounds an edge besides its count. */
  readonly bytes: number;
  /** What a worker thread has made of this ledger. Its rows may have stayed there: see `filled`. */
  readonly hollow?: Hollow;
  /**
   * What a processor could not read of the ledger, in its answer only: the runner keeps it as dead
   * letters, and the batch goes on without.
   */
  readonly setAside?: readonly SetAside[];
}

/** A batch whose rows are elsewhere, or nowhere any more. */
export interface Hollow {
  /** How many events the batch has. */
  readonly events: number;
  readonly made: MadeLedger;
  /** Groups of it that are here after all: `TwoSteps.settle` has made them. */
  readonly settled?: Batch | undefined;
  /** The same batch with its rows, made on this thread. */
  fill(): Promise<Batch>;
}

/** What a worker thread has made of one ledger, by component id. */
export interface MadeLedger {
  /** Transactions of the ledger, where a component has opened it anyway. */
  readonly transactions: number | undefined;
  /** Of each processor and sink that has been done there. */
  readonly nodes: Readonly<Record<string, NodeFacts>>;
  /** The rows of each sink, encoded: in one piece, or those between groups that are unsettled. */
  readonly encoded: Readonly<Record<string, readonly Encoded[]>>;
  /** Of each processor in two steps the groups for its second one. */
  readonly unsettled: Readonly<Record<string, readonly NamedGroup[]>>;
}

/** A group that can be cloned: event types are known by their objects. */
export interface NamedGroup {
  readonly type: string;
  readonly rows: readonly Row[];
}

/** What there is to count of one component and one ledger. */
export interface NodeFacts {
  readonly events_in: number;
  readonly bytes_in: number;
  readonly events_out: number;
  readonly bytes_out: number;
  readonly busy_ms: number;
}

/** Rows of a batch as a sink writes them, made in a worker thread. */
export interface Encoded {
  /**
   * For `Sink.writeEncoded` alone to understand; that of several batches of a ledger can be joined.
   * It can be cloned (`structuredClone`).
   */
  readonly data: readonly unknown[];
  /** Buffers in `data` that nothing else refers to: they change hands instead of being copied. */
  readonly transfer: readonly ArrayBuffer[];
}

/** The batch with its rows, whoever has to make them. */
export async function filled(batch: Batch): Promise<Batch> {
  return await batch.hollow?.fill() ?? batch;
}

/** A batch of the same ledger without rows, though it has some. `fill` is called at most once. */
export function hollowBatch(
  { source, sequence, network, closedAt }: BatchKey,
  { bytes, events, made, settled, fill }: Hollow & { readonly bytes: number },
): Batch {
  let filling: Promise<Batch> | undefined;
  const hollow = { events, made, settled, fill: () => filling ??= fill() };
  return { source, sequence, network, closedAt, groups: [], bytes, hollow };
}

/** The same ledger with other events, all of them at hand. */
export function withGroups(
  { source, sequence, network, closedAt, ...batch }: Batch,
  groups: readonly EventGroup[],
  bytes: number = batch.bytes,
): Batch {
  return { source, sequence, network, closedAt, groups, bytes };
}

/** Events in a batch, over all its types. */
export function countRows(batch: Batch): number {
  if (batch.hollow !== undefined) return batch.hollow.events;
  let rows = 0;
  for (const group of batch.groups) rows += group.rows.length;
  return rows;
}
