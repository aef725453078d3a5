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
}

/** The same ledger with other events. */
export function withGroups(
  batch: Batch,
  groups: readonly EventGroup[],
  bytes: number = batch.bytes,
): Batch {
  return { ...batch, groups, bytes };
}

/** Events in a batch, over all its types. */
export function countRows(batch: Batch): number {
  let rows = 0;
  for (const group of batch.groups) rows += group.rows.length;
  return rows;
}
