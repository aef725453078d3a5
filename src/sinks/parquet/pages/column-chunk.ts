/**
 * One column of a row group as pages: a dictionary where values repeat, then data pages (version 1,
 * which all readers know). What it writes depends on the values, and on where ledgers end.
 */

import type { ColumnChunk, Encoding } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import type { Compression } from "../compression.ts";
import type { Leaf, StoredColumn } from "../schema.ts";
import type { SegmentColumn } from "../segment.ts";
import { append, appendRun, contents, createByteBuffer, reserve } from "./byte-buffer.ts";
import { writeUint32 } from "./byte-buffer.ts";
import { createDictionary } from "./dictionary.ts";
import { appendHybrid, bitWidthOf } from "./hybrid.ts";
import { createIndexer } from "./indexer.ts";
import { boundsOf, NO_BOUNDS } from "./statistics.ts";
import type { Bounds } from "./statistics.ts";
import { appendValues, PAGE_LIMIT_bytes, PAGE_LIMIT_slots, runsOf } from "./runs.ts";

export type EncodeChunk = (
  column: StoredColumn,
  parts: readonly SegmentColumn[],
  out: ByteWriter,
) => ColumnChunk;

/** A function that appends a column's pages; it keeps memory that every call uses again. */
export function createChunkEncoder(compression: Compression): EncodeChunk {
  const dictionary = createDictionary();
  const indexer = createIndexer(dictionary);
  const definition = createByteBuffer();
  const repetition = createByteBuffer();
  const values = createByteBuffer();
  const body = createByteBuffer();

  /** Compresses and appends `body`; returns its size with its header, before compression. */
  const writePage = (out: ByteWriter, header: Partial<Parameters<typeof writePageHeader>[1]>) => {
    const bytes = contents(body);
    const compressed = compression.compress(bytes);
    const start = out.offset;
    writePageHeader(out, {
      type: "DATA_PAGE",
      ...header,
      uncompressed_page_size: bytes.length,
      compressed_page_size: compressed.length,
    });
    const header_bytes = out.offset - start;
    out.appendBytes(compressed);
    return header_bytes + bytes.length;
  };

  const appendLevels = (levels: Uint8Array, greatest: number) => {
    reserve(body, 4);
    const start = body.length;
    body.length += 4;
    appendHybrid(body, levels, levels.length, bitWidthOf(greatest));
    writeUint32(body.bytes, start, body.length - start - 4);
  };

  const startPage = (leaf: Leaf) => {
    body.length = 0;
    if (leaf.maxRepetition > 0) appendLevels(contents(repetition), leaf.maxRepetition);
    if (leaf.maxDefinition > 0) appendLevels(contents(definition), leaf.maxDefinition);
  };

  const writeDataPage = (leaf: Leaf, indices: Int32Array | undefined, slots: number) => {
    startPage(leaf);
    if (indices !== undefined) {
      const bitWidth = bitWidthOf(dictionary.count - 1);
      appendRun(body, bitWidth, 1);
      appendHybrid(body, indices, indices.length, bitWidth);
    } else if (leaf.physical === "boolean") {
      appendBits(contents(values));
    } else append(body, contents(values));
    return {
      data_page_header: {
        num_values: slots,
        encoding: indices === undefined ? "PLAIN" : "RLE_DICTIONARY",
        definition_level_encoding: "RLE",
        repetition_level_encoding: "RLE",
      },
    } as const;
  };

  const appendBits = (booleans: Uint8Array) => {
    const from = body.length;
    appendRun(body, 0, Math.ceil(booleans.length / 8));
    for (let at = 0; at < booleans.length; at++) {
      const byte = from + (at >> 3);
      body.bytes[byte] = (body.bytes[byte] as number) | ((booleans[at] as number) << (at & 7));
    }
  };

  return ({ leaf, elements }, parts, out) => {
    const start = out.offset;
    const element = elements[elements.length - 1];
    if (element?.type === undefined) throw new Error(`${leaf.path.join(".")} has no type`);
    let uncompressed_bytes = 0;
    let pages = 0;
    let slots = 0;
    let present = 0;
    const indices = leaf.dictionary ? indexer(leaf, parts) : undefined;
    let dictionary_page_offset: bigint | undefined;
    if (indices !== undefined) {
      dictionary_page_offset = BigInt(out.offset);
      body.length = 0;
      append(body, contents(dictionary.values));
      uncompressed_bytes += writePage(out, {
        type: "DICTIONARY_PAGE",
        dictionary_page_header: { num_values: dictionary.count, encoding: "PLAIN" },
      });
    }
    const data_page_offset = BigInt(out.offset);
    let page = { slots: 0, from: 0 };
    const endPage = () => {
      const own = indices?.subarray(page.from, present);
      uncompressed_bytes += writePage(out, writeDataPage(leaf, own, page.slots));
      pages += 1;
      page = { slots: 0, from: present };
      definition.length = repetition.length = values.length = 0;
    };
    for (const part of parts) {
      for (const run of runsOf(leaf, part)) {
        if (leaf.maxDefinition > 0) {
          if (part.definition === undefined) appendRun(definition, leaf.maxDefinition, run.slots);
          else append(definition, part.definition.subarray(run.slot, run.slot + run.slots));
        }
        if (leaf.maxRepetition > 0) {
          if (part.repetition === undefined) appendRun(repetition, 0, run.slots);
          else append(repetition, part.repetition.subarray(run.slot, run.slot + run.slots));
        }
        if (indices === undefined) appendValues(values, leaf, part, run);
        slots += run.slots;
        page.slots += run.slots;
        present += run.present;
        if (values.length >= PAGE_LIMIT_bytes || page.slots >= PAGE_LIMIT_slots) endPage();
      }
    }
    if (page.slots > 0 || pages === 0) endPage();
    const encoding: Encoding = indices === undefined ? "PLAIN" : "RLE_DICTIONARY";
    const { least, greatest }: Bounds = !leaf.statistics ? NO_BOUNDS : boundsOf(
      leaf,
      element.converted_type === "UINT_64",
      indices === undefined ? parts.map((part) => part.values) : [contents(dictionary.values)],
    );
    return {
      file_offset: BigInt(start),
      meta_data: {
        type: element.type,
        encodings: indices === undefined ? ["PLAIN", "RLE"] : ["PLAIN", "RLE_DICTIONARY", "RLE"],
        path_in_schema: [...leaf.path],
        codec: compression.codec,
        num_values: BigInt(slots),
        total_compressed_size: BigInt(out.offset - start),
        total_uncompressed_size: BigInt(uncompressed_bytes),
        data_page_offset,
        ...(dictionary_page_offset === undefined ? {} : { dictionary_page_offset }),
        ...(leaf.statistics
          ? {
            statistics: {
              null_count: BigInt(slots - present),
              ...(least === undefined ? {} : { min_value: least }),
              ...(greatest === undefined ? {} : { max_value: greatest }),
            },
          }
          : {}),
        encoding_stats: [
          ...(indices === undefined
            ? []
            : [{ page_type: "DICTIONARY_PAGE", encoding: "PLAIN", count: 1 } as const]),
          { page_type: "DATA_PAGE", encoding, count: pages },
        ],
      },
    };
  };
}
