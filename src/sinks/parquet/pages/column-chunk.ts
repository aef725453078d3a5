/**
 * One column of a row group: a dictionary page where values repeat, then data pages. What it writes
 * depends on the values, and on where ledgers end.
 */

import type { ColumnChunk, ColumnMetaData } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer";
import type { Compression } from "../compression.ts";
import type { StoredColumn } from "../schema.ts";
import type { SegmentColumn } from "../segment.ts";
import { contents } from "./byte-buffer.ts";
import { createDictionary } from "./dictionary.ts";
import { createIndexer } from "./indexer.ts";
import { createPageWriter } from "./page-writer.ts";
import { PAGE_LIMIT_bytes, PAGE_LIMIT_slots, runsOf } from "./runs.ts";
import { boundsOf } from "./statistics.ts";

export type EncodeChunk = (
  column: StoredColumn,
  parts: readonly SegmentColumn[],
  out: ByteWriter,
) => ColumnChunk;

/** What is counted while pages are written. */
interface Written {
  pages: number;
  slots: number;
  present: number;
  uncompressed_bytes: number;
}

/** A function that appends a column's pages; it keeps memory that every call uses again. */
export function createChunkEncoder(compression: Compression): EncodeChunk {
  const dictionary = createDictionary();
  const indexer = createIndexer(dictionary);
  const pages = createPageWriter(compression);

  const writeDataPages = (
    { leaf }: StoredColumn,
    parts: readonly SegmentColumn[],
    indices: Int32Array | undefined,
    out: ByteWriter,
  ): Written => {
    const written: Written = { pages: 0, slots: 0, present: 0, uncompressed_bytes: 0 };
    let pageFrom = 0;
    const endPage = () => {
      const own = indices?.subarray(pageFrom, written.present);
      const ofPage = own === undefined ? undefined : { values: own, count: dictionary.count };
      written.uncompressed_bytes += pages.dataPage(out, leaf, ofPage);
      written.pages += 1;
      pageFrom = written.present;
    };
    for (const part of parts) {
      if (part.sealed !== undefined) {
        if (pages.slots > 0) endPage();
        out.appendBytes(part.values);
        written.pages += part.sealed.pages;
        written.uncompressed_bytes += part.sealed.uncompressed_bytes;
        written.slots += part.slots;
        written.present += part.present;
        continue;
      }
      for (const run of runsOf(leaf, part)) {
        pages.add(leaf, part, run, indices === undefined);
        written.slots += run.slots;
        written.present += run.present;
        if (pages.values_bytes >= PAGE_LIMIT_bytes || pages.slots >= PAGE_LIMIT_slots) endPage();
      }
    }
    if (pages.slots > 0) endPage();
    return written;
  };

  return (column, parts, out) => {
    const { leaf, type } = column;
    const start = out.offset;
    const wanted = leaf.dictionary && parts.every((part) => part.sealed === undefined);
    const indices = wanted ? indexer(leaf, parts) : undefined;
    const dictionary_bytes = indices === undefined ? 0 : pages.dictionaryPage(out, dictionary);
    const data_page_offset = BigInt(out.offset);
    const written = writeDataPages(column, parts, indices, out);
    const values = indices === undefined
      ? parts.map((part) => part.sealed?.bounds ?? part.values)
      : [contents(dictionary.values)];
    const { pages: count, slots, present, uncompressed_bytes } = written;
    return {
      file_offset: BigInt(start),
      meta_data: {
        type,
        path_in_schema: [...leaf.path],
        codec: compression.codec,
        num_values: BigInt(slots),
        total_compressed_size: BigInt(out.offset - start),
        total_uncompressed_size: BigInt(dictionary_bytes + uncompressed_bytes),
        data_page_offset,
        ...(indices === undefined ? PLAIN : { ...INDEXED, dictionary_page_offset: BigInt(start) }),
        encoding_stats: encodingStats(indices !== undefined, count),
        ...(leaf.statistics ? { statistics: statisticsOf(column, values, slots - present) } : {}),
      },
    };
  };
}

const PLAIN: Pick<ColumnMetaData, "encodings"> = { encodings: ["PLAIN", "RLE"] };
const INDEXED: typeof PLAIN = { encodings: ["PLAIN", "RLE_DICTIONARY", "RLE"] };

function encodingStats(
  indexed: boolean,
  count: number,
): NonNullable<ColumnMetaData["encoding_stats"]> {
  if (!indexed) return [{ page_type: "DATA_PAGE", encoding: "PLAIN", count }];
  return [
    { page_type: "DICTIONARY_PAGE", encoding: "PLAIN", count: 1 },
    { page_type: "DATA_PAGE", encoding: "RLE_DICTIONARY", count },
  ];
}

function statisticsOf(
  { leaf, unsigned }: StoredColumn,
  values: readonly Uint8Array[],
  nulls: number,
): NonNullable<ColumnMetaData["statistics"]> {
  const { least, greatest } = boundsOf(leaf.physical, unsigned, values);
  return {
    null_count: BigInt(nulls),
    ...(least === undefined ? {} : { min_value: least }),
    ...(greatest === undefined ? {} : { max_value: greatest }),
  };
}
