/**
 * The structure of zstd data (RFC 8878), walked without decompressing it. The runtimes' decoders
 * return a part without an error when data ends early, and ignore what follows the first frame.
 */

import {
  blockHeader,
  CHECKSUM_BYTES,
  frameDescriptor,
  magicKind,
  ZstdError,
} from "./zstd-format.ts";

export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** What the header states; undefined when it does not. */
  readonly content_bytes: number | undefined;
  /** No more than this can come out, whatever the header states. */
  readonly limit_bytes: number;
  readonly checksum: boolean;
}

class Cursor {
  at = 0;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at === this.#view.byteLength;
  }

  skip(count: number): number {
    const start = this.at;
    if (start + count > this.#view.byteLength) {
      throw new ZstdError(`zstd data ends at byte ${this.#view.byteLength}, inside a frame`);
    }
    this.at += count;
    return start;
  }

  /** Little-endian, of 0, 1, 2, 3, 4 or 8 bytes. */
  uint(count: number): number {
    const start = this.skip(count);
    if (count === 8) return Number(this.#view.getBigUint64(start, true));
    let value = 0;
    for (let i = count - 1; i >= 0; i--) value = value * 256 + this.#view.getUint8(start + i);
    return value;
  }
}

/** Of two bytes, the size counts from 256: smaller ones have a byte. */
const TWO_BYTES_FROM = 256;

function contentSize(cursor: Cursor, field_bytes: number): number | undefined {
  if (field_bytes === 0) return undefined;
  return cursor.uint(field_bytes) + (field_bytes === 2 ? TWO_BYTES_FROM : 0);
}

function readFrame(cursor: Cursor, start: number): ZstdFrame {
  const { window_bytes, dictionary_bytes, content_size_bytes, checksum } = frameDescriptor(
    cursor.uint(1),
  );
  cursor.skip(window_bytes + dictionary_bytes);
  const content_bytes = contentSize(cursor, content_size_bytes);
  let limit_bytes = 0;
  let isLast = false;
  while (!isLast) {
    const at = cursor.at;
    const { last, stored_bytes, content_limit_bytes } = blockHeader(cursor.uint(3), at);
    cursor.skip(stored_bytes);
    limit_bytes += content_limit_bytes;
    isLast = last;
  }
  if (checksum) cursor.skip(CHECKSUM_BYTES);
  return { start, end: cursor.at, content_bytes, limit_bytes, checksum };
}

/** The frames of complete zstd data; throws `ZstdError` for anything else. */
export function zstdFrames(bytes: Uint8Array): ZstdFrame[] {
  const cursor = new Cursor(bytes);
  const frames: ZstdFrame[] = [];
  do {
    const start = cursor.at;
    const kind = magicKind(cursor.uint(4));
    if (kind === "frame") frames.push(readFrame(cursor, start));
    else if (kind === "skippable") cursor.skip(cursor.uint(4));
    else if (start === 0) throw new ZstdError("not zstd data");
    else throw new ZstdError(`bytes that are no zstd frame follow at byte ${start}`);
  } while (!cursor.done);
  return frames;
}
