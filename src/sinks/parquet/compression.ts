import type { CompressionCodec } from "hyparquet";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import { zstdCompressHere } from "../../runtime/zstd.ts";

export interface Compression {
  readonly codec: CompressionCodec;
  compress(bytes: Uint8Array): Uint8Array;
}

/** Higher levels make files of token transfers hardly smaller, and take longer. */
const ZSTD_LEVEL = 1;

export function compressionOf(name: "zstd" | "snappy" | "none"): Compression {
  switch (name) {
    case "none":
      return { codec: "UNCOMPRESSED", compress: (bytes) => bytes };
    case "snappy":
      return { codec: "SNAPPY", compress: snappyCompress };
    case "zstd":
      return { codec: "ZSTD", compress: (bytes) => zstdCompressHere(bytes, ZSTD_LEVEL) };
  }
}
