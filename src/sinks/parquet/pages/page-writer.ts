/**
 * Pages as they stand in the file: a header, then levels and values, compressed together. Data
 * pages are of version 1, which all readers know
 * (https://github.com/apache/parquet-format#data-pages).
 */

import type { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import type { Compression } from "../compression.ts";
import type { Leaf } from "../schema.ts";
import type { SegmentColumn } from "../segment.ts";
import { append, appendRun, contents, createByteBuffer } from "./byte-buffer.ts";
import { LENGTH_BYTES, writeUint32 } from "./byte-buffer.ts";
import type { Dictionary } from "./dictionary.ts";
import { appendHybrid, bitWidthOf } from "./hybrid.ts";
import { appendValues } from "./runs.ts";
import type { Run } from "./runs.ts";

type PageHeader = Parameters<typeof writePageHeader>[1];
type HeaderOfKind = Omit<PageHeader, "uncompressed_page_size" | "compressed_page_size">;

/** Indices into a dictionary of this many values. */
export interface Indices {
  readonly values: Int32Array;
  readonly count: number;
}

/** Each method that ends a page returns its size in bytes with its header, before compression. */
export interface PageWriter {
  /** Slots in the page that is being filled. */
  readonly slots: number;
  /** Bytes of values in the page that is being filled. */
  readonly values_bytes: number;
  dictionaryPage(out: ByteWriter, dictionary: Dictionary): number;
  /** `withValues` is false when the page will have indices. */
  add(leaf: Leaf, part: SegmentColumn, run: Run, withValues: boolean): void;
  dataPage(out: ByteWriter, leaf: Leaf, indices: Indices | undefined): number;
}

/** It keeps memory that every page uses again. */
export function createPageWriter(compression: Compression): PageWriter {
  const definition = createByteBuffer();
  const repetition = createByteBuffer();
  const values = createByteBuffer();
  const body = createByteBuffer();
  let slots = 0;

  const writeBody = (out: ByteWriter, header: HeaderOfKind) => {
    const bytes = contents(body);
    const compressed = compression.compress(bytes);
    const start = out.offset;
    const uncompressed_page_size = bytes.length;
    const compressed_page_size = compressed.length;
    writePageHeader(out, { ...header, uncompressed_page_size, compressed_page_size });
    const header_bytes = out.offset - start;
    out.appendBytes(compressed);
    body.length = 0;
    return header_bytes + bytes.length;
  };

  const appendLevels = (levels: Uint8Array, greatest: number) => {
    const start = body.length;
    appendRun(body, 0, LENGTH_BYTES);
    appendHybrid(body, levels, levels.length, bitWidthOf(greatest));
    writeUint32(body.bytes, start, body.length - start - LENGTH_BYTES);
  };

  const appendBits = (booleans: Uint8Array) => {
    const from = body.length;
    appendRun(body, 0, Math.ceil(booleans.length / 8));
    for (let at = 0; at < booleans.length; at++) {
      const byte = from + (at >> 3);
      body.bytes[byte] = (body.bytes[byte] as number) | ((booleans[at] as number) << (at & 7));
    }
  };

  const appendIndices = ({ values: indices, count }: Indices) => {
    const bitWidth = bitWidthOf(count - 1);
    appendRun(body, bitWidth, 1);
    appendHybrid(body, indices, indices.length, bitWidth);
  };

  return {
    get slots() {
      return slots;
    },
    get values_bytes() {
      return values.length;
    },
    dictionaryPage(out, dictionary) {
      append(body, contents(dictionary.values));
      return writeBody(out, {
        type: "DICTIONARY_PAGE",
        dictionary_page_header: { num_values: dictionary.count, encoding: "PLAIN" },
      });
    },
    add({ maxDefinition, maxRepetition, width }, part, run, withValues) {
      const end = run.slot + run.slots;
      if (maxDefinition > 0) {
        if (part.definition === undefined) appendRun(definition, maxDefinition, run.slots);
        else append(definition, part.definition.subarray(run.slot, end));
      }
      if (maxRepetition > 0) {
        if (part.repetition === undefined) appendRun(repetition, 0, run.slots);
        else append(repetition, part.repetition.subarray(run.slot, end));
      }
      if (withValues) appendValues(values, width, part, run);
      slots += run.slots;
    },
    dataPage(out, leaf, indices) {
      if (leaf.maxRepetition > 0) appendLevels(contents(repetition), leaf.maxRepetition);
      if (leaf.maxDefinition > 0) appendLevels(contents(definition), leaf.maxDefinition);
      if (indices !== undefined) appendIndices(indices);
      else if (leaf.physical === "boolean") appendBits(contents(values));
      else append(body, contents(values));
      const size_bytes = writeBody(out, {
        type: "DATA_PAGE",
        data_page_header: {
          num_values: slots,
          encoding: indices === undefined ? "PLAIN" : "RLE_DICTIONARY",
          definition_level_encoding: "RLE",
          repetition_level_encoding: "RLE",
        },
      });
      definition.length =
        repetition.length =
        values.length =
        slots =
          0;
      return size_bytes;
    },
  };
}
