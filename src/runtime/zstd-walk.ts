/**
 * Follows the structure of zstd data (RFC 8878) as it streams by. The runtimes' streaming decoders
 * end without an error where data ends early, so somebody else has to notice.
 */

import { MAX_BLOCK_BYTES, ZstdError } from "./zstd-frame.ts";

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const CHECKSUM_BYTES = 4;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

type State = "magic" | "descriptor" | "skippable" | "block" | "between";

export interface ZstdPiece {
  readonly bytes: Uint8Array;
  /** With it a frame is complete. */
  readonly endsFrame: boolean;
}

export interface ZstdWalk {
  /** The next bytes, cut where frames end. Throws `ZstdError` when they cannot be zstd data. */
  push(chunk: Uint8Array): ZstdPiece[];
  /** There is no more. Throws `ZstdError` inside a frame. */
  end(): void;
}

export function zstdWalk(): ZstdWalk {
  /** Bytes that are passed over before the next field. */
  let skip = 0;
  /** The field being read, little-endian, and how many of its bytes are still to come. */
  let value = 0;
  let read = 0;
  let size = 4;
  let state: State = "magic";
  let checksum = false;
  let last = false;
  let at = 0;

  function expect(next: State, bytes: number, skipped = 0): void {
    [state, size, skip, value, read] = [next, bytes, skipped, 0, 0];
  }

  function descriptor(flags: number): void {
    if ((flags & 0x08) !== 0) throw new ZstdError("zstd frame header has its reserved bit set");
    checksum = (flags & 4) !== 0;
    const single = (flags & 0x20) !== 0;
    const content = flags >> 6;
    const sizes = CONTENT_SIZE_BYTES[content as 0 | 1 | 2 | 3];
    const rest = (single ? 0 : 1) + DICTIONARY_ID_BYTES[(flags & 3) as 0 | 1 | 2 | 3] +
      (content === 0 && single ? 1 : sizes);
    expect("block", 3, rest);
  }

  function block(header: number): void {
    const type = (header >> 1) & 3;
    const length = header >> 3;
    if (type === 3 || length > MAX_BLOCK_BYTES) throw new ZstdError(`bad zstd block at byte ${at}`);
    last = (header & 1) === 1;
    const stored = type === 1 ? 1 : length;
    if (last) expect("between", 4, stored + (checksum ? CHECKSUM_BYTES : 0));
    else expect("block", 3, stored);
  }

  function field(): void {
    if (state === "descriptor") descriptor(value);
    else if (state === "block") block(value);
    else if (state === "skippable") expect("between", 4, value);
    else if (value === MAGIC) expect("descriptor", 1);
    else if (((value & SKIPPABLE_MASK) >>> 0) === SKIPPABLE_MAGIC) expect("skippable", 4);
    else if (state === "magic") throw new ZstdError("not zstd data");
    else throw new ZstdError(`bytes that are no zstd frame follow at byte ${at - 4}`);
  }

  const isBetween = () => state === "between" && skip === 0 && read === 0;

  return {
    push(chunk) {
      const pieces: ZstdPiece[] = [];
      let cut = 0;
      for (let i = 0; i < chunk.length;) {
        if (skip > 0) {
          const step = Math.min(skip, chunk.length - i);
          [i, at, skip] = [i + step, at + step, skip - step];
        } else {
          value += (chunk[i] ?? 0) * 2 ** (8 * read);
          [i, at, read] = [i + 1, at + 1, read + 1];
          if (read === size) field();
        }
        if (!isBetween()) continue;
        pieces.push({ bytes: chunk.subarray(cut, i), endsFrame: true });
        cut = i;
      }
      if (cut < chunk.length) pieces.push({ bytes: chunk.subarray(cut), endsFrame: false });
      return pieces;
    },
    end() {
      if (isBetween()) return;
      throw new ZstdError(`zstd data ends at byte ${at}, inside a frame`);
    },
  };
}
