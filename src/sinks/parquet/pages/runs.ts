/** Parts of a segment's column that are no larger than a page should be. */

import type { Leaf } from "../schema.ts";
import type { SegmentColumn } from "../segment.ts";
import { append, readUint32 } from "./byte-buffer.ts";
import type { ByteBuffer } from "./byte-buffer.ts";

/** A page ends with the row, or the ledger, that reaches this size before compression. */
export const PAGE_LIMIT_bytes = 1024 * 1024;
/** The same for pages of dictionary indices, and of nothing but nulls. */
export const PAGE_LIMIT_slots = 1024 * 1024;

export interface Run {
  /** First slot and number of slots. */
  readonly slot: number;
  readonly slots: number;
  /** First value that is there, and their number. */
  readonly value: number;
  readonly present: number;
}

/** All of the column at once, unless that would be too large: then it is cut between rows. */
export function runsOf(leaf: Leaf, part: SegmentColumn): readonly Run[] {
  const whole = { slot: 0, slots: part.slots, value: 0, present: part.present };
  if (plainBytes(part) <= PAGE_LIMIT_bytes) return [whole];
  const starts = startsOf(leaf.width, part);
  const runs: Run[] = [];
  let slot = 0;
  let value = 0;
  let size_bytes = 0;
  let seen = 0;
  for (let at = 0; at < part.slots; at++) {
    const rowStarts = part.repetition === undefined || part.repetition[at] === 0;
    if (rowStarts && size_bytes >= PAGE_LIMIT_bytes) {
      runs.push({ slot, slots: at - slot, value, present: seen - value });
      slot = at;
      value = seen;
      size_bytes = 0;
    }
    if (part.definition !== undefined && part.definition[at] !== leaf.maxDefinition) continue;
    const stored = storedAt(part, seen++);
    size_bytes += (starts[stored + 1] as number) - (starts[stored] as number);
  }
  runs.push({ slot, slots: part.slots - slot, value, present: seen - value });
  return runs;
}

/** Appends a run's values as a plain page has them; of booleans a byte each. */
export function appendValues(
  out: ByteBuffer,
  width: number | undefined,
  part: SegmentColumn,
  run: Run,
): void {
  if (run.present === part.present && part.stored === part.present) {
    append(out, part.values);
    return;
  }
  const starts = startsOf(width, part);
  for (let at = run.value; at < run.value + run.present; at++) {
    const stored = storedAt(part, at);
    append(out, part.values.subarray(starts[stored], starts[stored + 1]));
  }
}

/** Where each stored value begins, and where the last one ends. */
export function startsOf(
  width: number | undefined,
  { stored, values }: SegmentColumn,
): Int32Array {
  const starts = new Int32Array(stored + 1);
  let start = 0;
  for (let at = 0; at < stored; at++) {
    start += width ?? 4 + readUint32(values, start);
    starts[at + 1] = start;
  }
  return starts;
}

/** Which stored value stands for the one at this place. */
export function storedAt({ indices, stored }: SegmentColumn, at: number): number {
  if (indices !== undefined) return indices[at] as number;
  return stored === 1 ? 0 : at;
}

/** An upper bound where values repeat. */
function plainBytes({ present, stored, values }: SegmentColumn): number {
  return stored === present ? values.length : present * values.length;
}
