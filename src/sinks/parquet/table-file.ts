/** The file of one table that is being filled: segments, encoded one row group at a time. */

import { createHash } from "node:crypto";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { EventType } from "../../events/event-type.ts";
import type { Compression } from "./compression.ts";
import type { EncodeChunk } from "./pages/column-chunk.ts";
import { rootElement, storedColumn } from "./schema.ts";
import { createSegmentReader } from "./segment.ts";
import type { Spool, SpoolFile } from "./spool.ts";

/** A row group ends with the ledger that reaches one of these, so it depends on the data alone. */
export const ROW_GROUP_ROWS = 32_768;
export const ROW_GROUP_BYTES = 16 * 1024 * 1024;

export interface TableFile {
  readonly type: EventType;
  /** Rows taken, encoded or not. */
  readonly rows: number;
  /** Bytes of segments that wait for their row group's end. */
  readonly waiting_bytes: number;
  /** Bytes encoded so far. */
  readonly encoded_bytes: number;
  /** True when what waits is enough for a row group. */
  readonly groupIsFull: boolean;
  take(rows: number, segment: ArrayBuffer): void;
  /** Encodes what waits, and gives it to the spool. */
  endGroup(): void;
  /** Throws when the spool could not write everything. */
  flush(): void;
  /**
   * Completes the file. Nothing may be added after it; asking again gives the same. Throws when
   * the spool could not write everything.
   */
  finish(): FinishedFile;
  /** Drops what the spool has of it. */
  discard(): void;
}

export interface FinishedFile {
  readonly size_bytes: number;
  /** The whole file, when all of it is in memory. */
  readonly bytes: Uint8Array | undefined;
  /** Where it lies otherwise. */
  readonly spooled: SpoolFile | undefined;
  /** Of the whole file, in hexadecimal digits. */
  sha256(): string;
}

interface Waiting {
  rows: number;
  readonly segments: ArrayBuffer[];
  bytes: number;
}

export function openTableFile(
  type: EventType,
  compression: Compression,
  encodeChunk: EncodeChunk,
  spool: Spool,
): TableFile {
  const columns = type.columns.map(storedColumn);
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [rootElement(type), ...columns.flatMap(({ elements }) => elements)],
    codec: compression.codec,
    // The pages are ours: only magic numbers and footer are written by it.
    compressors: { ZSTD: compression.compress },
    createdBy: "flowctl",
    kvMetadata: [{ key: "flowctl.event_type", value: type.name }],
  });
  let waiting: Waiting = { rows: 0, segments: [], bytes: 0 };
  let rows = 0;
  let spooled: SpoolFile | undefined;
  let finished: FinishedFile | undefined;

  const toSpool = () => {
    spooled ??= spool.open();
    spooled.append(writer.getBytes());
    writer.index = 0;
  };

  const encodeGroup = () => {
    if (waiting.rows === 0) return;
    const start = writer.offset;
    const readers = waiting.segments.map(createSegmentReader);
    const chunks = columns.map((column) =>
      encodeChunk(column, readers.map((read) => read()), writer)
    );
    let total_byte_size = 0n;
    for (const { meta_data } of chunks) total_byte_size += meta_data?.total_uncompressed_size ?? 0n;
    parquet.row_groups.push({
      columns: chunks,
      total_byte_size,
      num_rows: BigInt(waiting.rows),
      total_compressed_size: BigInt(writer.offset - start),
    });
    parquet.num_rows += BigInt(waiting.rows);
    // The collector would leave them for long: they are old, and it sees only how small they look.
    for (const segment of waiting.segments) segment.transfer(0);
    waiting = { rows: 0, segments: [], bytes: 0 };
  };

  return {
    type,
    get rows() {
      return rows;
    },
    get waiting_bytes() {
      return waiting.bytes;
    },
    get encoded_bytes() {
      return writer.offset;
    },
    get groupIsFull() {
      return waiting.rows >= ROW_GROUP_ROWS || waiting.bytes >= ROW_GROUP_BYTES;
    },
    take(added, segment) {
      waiting.segments.push(segment);
      waiting.rows += added;
      waiting.bytes += segment.byteLength;
      rows += added;
    },
    endGroup() {
      encodeGroup();
      toSpool();
    },
    flush: () => spooled?.flush(),
    finish() {
      if (finished === undefined) {
        encodeGroup();
        parquet.finish();
        if (spooled !== undefined) toSpool();
        const bytes = spooled === undefined ? writer.getBytes() : undefined;
        finished = {
          size_bytes: writer.offset,
          bytes,
          spooled,
          sha256: () => sha256Of(bytes === undefined ? spooled?.pieces() ?? [] : [bytes]),
        };
      }
      finished.spooled?.flush();
      return finished;
    },
    discard: () => spooled?.discard(),
  };
}

function sha256Of(pieces: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
