import { constants, zstdCompressSync } from "node:zlib";
import type { ParquetWriter } from "hyparquet-writer";

type WriterOptions = ConstructorParameters<typeof ParquetWriter>[0];

export interface Compression {
  readonly codec: NonNullable<WriterOptions["codec"]>;
  readonly compressors: NonNullable<WriterOptions["compressors"]>;
}

/** Higher levels make files of token transfers hardly smaller, and take longer. */
const ZSTD_LEVEL = 1;

export function compressionOf(name: "zstd" | "snappy" | "none"): Compression {
  switch (name) {
    case "none":
      return { codec: "UNCOMPRESSED", compressors: {} };
    case "snappy":
      return { codec: "SNAPPY", compressors: {} };
    case "zstd":
      return { codec: "ZSTD", compressors: { ZSTD: zstd } };
  }
}

function zstd(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
  });
}
