/**
 * Columns that become pages at once: a ledger's values that fill a page by themselves need not wait
 * for others, and take a fraction of the memory afterwards.
 */

import { ByteWriter } from "hyparquet-writer";
import type { Compression } from "../compression.ts";
import type { Leaf } from "../schema.ts";
import type { SegmentColumn } from "../segment.ts";
import { createPageWriter } from "./page-writer.ts";
import { runsOf } from "./runs.ts";
import { boundPrefixes } from "./statistics.ts";

/** Values of a ledger from which on they are sealed. */
export const SEAL_AFTER_bytes = 128 * 1024;

/** A function that seals a column where that pays; what it gives is valid until the next call. */
export function createSealer(
  compression: Compression,
): (leaf: Leaf, column: SegmentColumn) => SegmentColumn {
  const pages = createPageWriter(compression);
  const out = new ByteWriter();
  return (leaf, column) => {
    if (!paysFor(leaf, column)) return column;
    out.index = out.offset = 0;
    let uncompressed_bytes = 0;
    let count = 0;
    for (const run of runsOf(leaf, column)) {
      pages.add(leaf, column, run, true);
      uncompressed_bytes += pages.dataPage(out, leaf, undefined);
      count += 1;
    }
    const { slots, present, values } = column;
    return {
      slots,
      present,
      stored: 0,
      definition: undefined,
      repetition: undefined,
      indices: undefined,
      values: out.getBytes(),
      sealed: {
        pages: count,
        uncompressed_bytes,
        bounds: leaf.statistics ? boundPrefixes(values) : new Uint8Array(),
      },
    };
  };
}

/** Repeated values might do better in a dictionary. */
function paysFor({ physical }: Leaf, { stored, present, values }: SegmentColumn): boolean {
  return physical === "bytes" && stored === present && values.length >= SEAL_AFTER_bytes;
}
