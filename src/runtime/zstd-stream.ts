/** zstd of a stream, by the runtime's own `node:zlib` (Bun, Deno, Node 22.15 or newer). */

import { pipeline, Readable } from "node:stream";
import * as zlib from "node:zlib";
import { zstdWalk } from "./zstd-walk.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Decompresses as the reader asks for more. Throws `ZstdError`, or the decoder's own error, for
 * data that is damaged, ends early, or is followed by something else.
 */
export function zstdDecompressStream(
  compressed: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  async function* checked(): AsyncGenerator<Uint8Array> {
    const walk = zstdWalk();
    for await (const chunk of compressed) {
      walk.push(chunk);
      yield chunk;
    }
    walk.end();
  }
  const decoder = zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES });
  // An error on the way destroys the decoder with it, and so reaches whoever iterates.
  pipeline(Readable.from(checked(), { objectMode: false }), decoder, () => {});
  return decoder;
}
