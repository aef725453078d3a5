/**
 * A ledger's rows of one table, by column, in one buffer that can change threads: what rows become
 * before they are pages. It depends on the rows alone.
 *
 * For each column: a header of eight 32-bit numbers, then definition levels and repetition levels (a
 * byte each), indices (32 bits each) and values, each filled up to a multiple of 8 bytes. What a
 * column has no need of is left out. Values of one width stand behind each other; others as in a
 * plain page, each behind its length.
 */

import { contents, reserve } from "./pages/byte-buffer.ts";
import type { ByteBuffer } from "./pages/byte-buffer.ts";

/** A column of a segment. */
export interface SegmentColumn {
  /** Levels: as many as rows, more for lists of more than one item. */
  readonly slots: number;
  /** Values, those that repeat each time. */
  readonly present: number;
  /** Values that stand in `values`: fewer than `present` when `indices` point at them, or when
   * there is but one, which is all of them. */
  readonly stored: number;
  /** Undefined: all are at their greatest. */
  readonly definition: Uint8Array | undefined;
  /** Undefined: all zero. */
  readonly repetition: Uint8Array | undefined;
  readonly indices: Int32Array | undefined;
  /** Of a sealed column, its pages; levels are in these. */
  readonly values: Uint8Array;
  readonly sealed?: Sealed | undefined;
}

/** A column that is pages already, as they will stand in the file. */
export interface Sealed {
  readonly pages: number;
  readonly uncompressed_bytes: number;
  /** Least and greatest value, laid out like values, perhaps shortened; or nothing. */
  readonly bounds: Uint8Array;
}

const HEADER_BYTES = 32;
const ALIGN_BYTES = 8;
const HAS_DEFINITION = 1;
const HAS_REPETITION = 2;
const HAS_INDICES = 4;
const IS_SEALED = 8;

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

export function appendColumn(segment: ByteBuffer, column: SegmentColumn): void {
  const { slots, present, stored, definition, repetition, indices, values, sealed } = column;
  const sections = [
    definition,
    repetition,
    indices === undefined ? undefined : bytesOf(indices),
    values,
    sealed?.bounds,
  ].filter((section) => section !== undefined);
  let size_bytes = HEADER_BYTES;
  for (const section of sections) size_bytes += padded(section.length);
  reserve(segment, size_bytes);
  const flags = (definition === undefined ? 0 : HAS_DEFINITION) |
    (repetition === undefined ? 0 : HAS_REPETITION) | (indices === undefined ? 0 : HAS_INDICES) |
    (sealed === undefined ? 0 : IS_SEALED);
  const { pages = 0, uncompressed_bytes = 0, bounds = undefined } = sealed ?? {};
  new Int32Array(segment.bytes.buffer, segment.length, HEADER_BYTES / 4).set([
    flags,
    slots,
    present,
    stored,
    values.length,
    pages,
    uncompressed_bytes,
    bounds?.length ?? 0,
  ]);
  segment.length += HEADER_BYTES;
  for (const section of sections) {
    segment.bytes.set(section, segment.length);
    const end = segment.length + padded(section.length);
    segment.bytes.fill(0, segment.length + section.length, end);
    segment.length = end;
  }
}

/** A buffer of its own, which can be given to another thread. */
export function finishSegment(segment: ByteBuffer): ArrayBuffer {
  return contents(segment).slice().buffer;
}

/** Reads the columns of a segment one after the other. */
export function createSegmentReader(segment: ArrayBuffer): () => SegmentColumn {
  let offset = 0;
  const bytes = (length: number): Uint8Array => {
    const view = new Uint8Array(segment, offset, length);
    offset += padded(length);
    return view;
  };
  return () => {
    const header = new Int32Array(segment, offset, HEADER_BYTES / 4);
    const [flags = 0, slots = 0, present = 0, stored = 0, values_bytes = 0] = header;
    const [pages = 0, uncompressed_bytes = 0, bounds_bytes = 0] = header.subarray(5);
    offset += HEADER_BYTES;
    const definition = (flags & HAS_DEFINITION) === 0 ? undefined : bytes(slots);
    const repetition = (flags & HAS_REPETITION) === 0 ? undefined : bytes(slots);
    let indices: Int32Array | undefined;
    if ((flags & HAS_INDICES) !== 0) {
      indices = new Int32Array(segment, offset, present);
      offset += padded(present * 4);
    }
    const values = bytes(values_bytes);
    const sealed = (flags & IS_SEALED) === 0
      ? undefined
      : { pages, uncompressed_bytes, bounds: bytes(bounds_bytes) };
    return { slots, present, stored, definition, repetition, indices, values, sealed };
  };
}

function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
