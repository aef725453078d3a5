/** The distinct values of a column chunk, as bytes, in the order of their first appearance. */

import { append, createByteBuffer, readUint32 } from "./byte-buffer.ts";
import type { ByteBuffer } from "./byte-buffer.ts";

/** Indices of more values would take more than two bytes. */
export const DICTIONARY_LIMIT_values = 65_536;
/** A larger one is read again and again by who wants a page of it. */
export const DICTIONARY_LIMIT_bytes = 4 * 1024 * 1024;
/** Values that share a place in the table: more than chance gives, so somebody means harm. */
const MAX_PROBES = 64;

const FIRST_SLOTS = 1024;
const FIRST_HASH = 0x811c9dc5;
const MULTIPLIER = 0x9e3779b1;

export interface Dictionary {
  /** The values as plain pages have them: what the dictionary page holds. */
  readonly values: ByteBuffer;
  readonly count: number;
  /** Where the value with this index begins in `values`. */
  offsetOf(index: number): number;
  /** The index of the value at `from` to `to` (excluded); -1 when the dictionary is full. */
  indexOf(bytes: Uint8Array, from: number, to: number): number;
  clear(): void;
}

export function createDictionary(): Dictionary {
  const values = createByteBuffer();
  let offsets = new Int32Array(FIRST_SLOTS);
  let hashes = new Int32Array(FIRST_SLOTS);
  let slots = new Int32Array(FIRST_SLOTS * 2);
  let count = 0;

  const sameAt = (index: number, bytes: Uint8Array, from: number, to: number): boolean => {
    const start = offsets[index] as number;
    const end = index + 1 < count ? offsets[index + 1] as number : values.length;
    if (end - start !== to - from) return false;
    const own = values.bytes;
    for (let at = from, other = start; at < to; at++, other++) {
      if (bytes[at] !== own[other]) return false;
    }
    return true;
  };

  const grow = () => {
    const moreOffsets = new Int32Array(offsets.length * 2);
    moreOffsets.set(offsets);
    offsets = moreOffsets;
    const moreHashes = new Int32Array(hashes.length * 2);
    moreHashes.set(hashes);
    hashes = moreHashes;
    slots = new Int32Array(slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < count; index++) {
      let slot = (hashes[index] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
  };

  return {
    values,
    get count() {
      return count;
    },
    offsetOf: (index) => offsets[index] as number,
    indexOf(bytes, from, to) {
      const hash = hashOf(bytes, from, to);
      const mask = slots.length - 1;
      let slot = hash & mask;
      for (let probes = 0;; probes++) {
        const found = slots[slot] as number;
        if (found === 0) break;
        if (hashes[found - 1] === hash && sameAt(found - 1, bytes, from, to)) return found - 1;
        if (probes === MAX_PROBES) return -1;
        slot = (slot + 1) & mask;
      }
      if (count === DICTIONARY_LIMIT_values) return -1;
      if (values.length + to - from > DICTIONARY_LIMIT_bytes) return -1;
      if (count === offsets.length) {
        grow();
        slot = hash & (slots.length - 1);
        while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      }
      slots[slot] = count + 1;
      hashes[count] = hash;
      offsets[count] = values.length;
      append(values, bytes.subarray(from, to));
      return count++;
    },
    clear() {
      if (count > 0) slots.fill(0);
      count = 0;
      values.length = 0;
    },
  };
}

/** Four bytes at a time; the low bits, which choose the place, depend on all of them. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = FIRST_HASH ^ (to - from);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    hash = Math.imul(hash ^ readUint32(bytes, at), MULTIPLIER);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), MULTIPLIER);
  return hash ^ (hash >>> 13);
}
