/**
 * The structure of zstd data (RFC 8878), walked without decompressing it. The runtimes' decoders
 * return a part without an error when data ends early, and ignore what follows the first frame.
 */

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const CHECKSUM_BYTES = 4;

/** RFC 8878, 3.1.1.2: no block holds more. */
export const MAX_BLOCK_BYTES = 128 * 1024;

const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

export class ZstdError extends Error {
  override readonly name = "ZstdError";
}

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

function contentSize(cursor: Cursor, flag: number, singleSegment: boolean): number | undefined {
  if (flag === 0) return singleSegment ? cursor.uint(1) : undefined;
  if (flag === 1) return cursor.uint(2) + 256;
  return cursor.uint(flag === 2 ? 4 : 8);
}

function readFrame(cursor: Cursor, start: number): ZstdFrame {
  const descriptor = cursor.uint(1);
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw new ZstdError("zstd frame header has its reserved bit set");
  if (!singleSegment) cursor.skip(1);
  cursor.skip(DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]);
  const content_bytes = contentSize(cursor, descriptor >> 6, singleSegment);
  let limit_bytes = 0;
  let last = false;
  while (!last) {
    const at = cursor.at;
    const header = cursor.uint(3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    last = (header & 1) === 1;
    if (type === 3 || size > MAX_BLOCK_BYTES) throw new ZstdError(`bad zstd block at byte ${at}`);
    cursor.skip(type === 1 ? 1 : size);
    limit_bytes += type === 2 ? MAX_BLOCK_BYTES : size;
  }
  const checksum = (descriptor & 4) !== 0;
  if (checksum) cursor.skip(CHECKSUM_BYTES);
  return { start, end: cursor.at, content_bytes, limit_bytes, checksum };
}

/** The frames of complete zstd data; throws `ZstdError` for anything else. */
export function zstdFrames(bytes: Uint8Array): ZstdFrame[] {
  const cursor = new Cursor(bytes);
  const frames: ZstdFrame[] = [];
  do {
    const start = cursor.at;
    const magic = cursor.uint(4);
    if (magic === MAGIC) frames.push(readFrame(cursor, start));
    else if (((magic & SKIPPABLE_MASK) >>> 0) === SKIPPABLE_MAGIC) cursor.skip(cursor.uint(4));
    else if (start === 0) throw new ZstdError("not zstd data");
    else throw new ZstdError(`bytes that are no zstd frame follow at byte ${start}`);
  } while (!cursor.done);
  return frames;
}
