/** zstd of a stream, by the runtime's own `node:zlib` (Bun, Deno, Node 22.15 or newer). */

import { pipeline, Readable } from "node:stream";
import * as zlib from "node:zlib";
import { type ZstdPiece, zstdWalk } from "./zstd-walk.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Decompresses as the reader asks for more. Throws `ZstdError`, or the decoder's own error, for
 * data that is damaged, ends early, or is followed by something else; what came out before that
 * point is yielded first.
 */
export async function* zstdDecompressStream(
  compressed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const pieces = piecesOf(compressed);
  // Not every runtime's decoder goes on after a frame, so each frame gets one of its own.
  for (let first = await pieces.next(); first.done !== true; first = await pieces.next()) {
    const frame = frameOf(first.value, pieces);
    const decoder = zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES });
    pipeline(Readable.from(frame.bytes, { objectMode: false }), decoder, () => {});
    try {
      yield* decoder;
    } catch (error) {
      throw frame.failure?.error ?? error;
    }
    if (frame.failure !== undefined) throw frame.failure.error;
  }
}

async function* piecesOf(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdPiece> {
  const walk = zstdWalk();
  for await (const chunk of compressed) yield* walk.push(chunk);
  walk.end();
}

interface FrameInput {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Why the frame ended before its end: kept back, or the decoder would drop what it has. */
  readonly failure: { readonly error: unknown } | undefined;
}

function frameOf(first: ZstdPiece, rest: AsyncGenerator<ZstdPiece>): FrameInput {
  let failure: FrameInput["failure"];
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield first.bytes;
    try {
      for (let piece = first; !piece.endsFrame;) {
        const next = await rest.next();
        if (next.done === true) return;
        piece = next.value;
        yield piece.bytes;
      }
    } catch (error) {
      failure = { error };
    }
  }
  return {
    bytes: bytes(),
    get failure() {
      return failure;
    },
  };
}
