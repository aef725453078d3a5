/** The headers of zstd data (RFC 8878), field by field: what stands in them, and how long it is. */

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

export const CHECKSUM_BYTES = 4;

/** RFC 8878, 3.1.1.2: no block holds more. */
export const MAX_BLOCK_BYTES = 128 * 1024;

export class ZstdError extends Error {
  override readonly name = "ZstdError";
}

/** What the first four bytes of a frame say; undefined: they are of none. */
export function magicKind(magic: number): "frame" | "skippable" | undefined {
  if (magic === MAGIC) return "frame";
  return ((magic & SKIPPABLE_MASK) >>> 0) === SKIPPABLE_MAGIC ? "skippable" : undefined;
}

export interface FrameDescriptor {
  /** How many bytes follow for the window, the dictionary and the size of the content. */
  readonly window_bytes: number;
  readonly dictionary_bytes: number;
  readonly content_size_bytes: number;
  readonly checksum: boolean;
}

/** The byte after the magic number. Throws `ZstdError`. */
export function frameDescriptor(flags: number): FrameDescriptor {
  if ((flags & 0x08) !== 0) throw new ZstdError("zstd frame header has its reserved bit set");
  const single = (flags & 0x20) !== 0;
  const content = (flags >> 6) as 0 | 1 | 2 | 3;
  return {
    window_bytes: single ? 0 : 1,
    dictionary_bytes: DICTIONARY_ID_BYTES[(flags & 3) as 0 | 1 | 2 | 3],
    content_size_bytes: content === 0 && single ? 1 : CONTENT_SIZE_BYTES[content],
    checksum: (flags & 4) !== 0,
  };
}

export interface BlockHeader {
  readonly last: boolean;
  /** Bytes of the block that follow. */
  readonly stored_bytes: number;
  /** No more than this comes out of it. */
  readonly content_limit_bytes: number;
}

/** The three bytes in front of a block; `at`: where they stand. Throws `ZstdError`. */
export function blockHeader(header: number, at: number): BlockHeader {
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type === 3 || size > MAX_BLOCK_BYTES) throw new ZstdError(`bad zstd block at byte ${at}`);
  return {
    last: (header & 1) === 1,
    stored_bytes: type === 1 ? 1 : size,
    content_limit_bytes: type === 2 ? MAX_BLOCK_BYTES : size,
  };
}
