/** Parquet files read back with hyparquet. */

import { readdirSync, readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { parquetMetadata, parquetReadObjects } from "hyparquet";

/** Paths below the folder, sorted. */
export function parquetNames(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.endsWith(".parquet")).sort();
}

export async function parquetRows(path: string): Promise<Record<string, unknown>[]> {
  return await parquetReadObjects({
    file: bytesOf(path),
    compressors: { ZSTD: (input) => new Uint8Array(zstdDecompressSync(input)) },
    utf8: false,
  });
}

export function parquetRowCount(path: string): bigint {
  return parquetMetadata(bytesOf(path)).num_rows;
}

/** Row groups of a file. */
export function parquetGroups(path: string): number {
  return parquetMetadata(bytesOf(path)).row_groups.length;
}

function bytesOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
