/**
 * Follows the structure of zstd data (RFC 8878) as it streams by. The runtimes' streaming decoders
 * end without an error where data ends early, so somebody else has to notice.
 */

import {
  blockHeader,
  CHECKSUM_BYTES,
  frameDescriptor,
  magicKind,
  ZstdError,
} from "./zstd-format.ts";

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
  let at = 0;

  function expect(next: State, bytes: number, skipped = 0): void {
    [state, size, skip, value, read] = [next, bytes, skipped, 0, 0];
  }

  function descriptor(flags: number): void {
    const header = frameDescriptor(flags);
    checksum = header.checksum;
    const { window_bytes, dictionary_bytes, content_size_bytes } = header;
    expect("block", 3, window_bytes + dictionary_bytes + content_size_bytes);
  }

  function block(header: number): void {
    const { last, stored_bytes } = blockHeader(header, at - 3);
    if (last) expect("between", 4, stored_bytes + (checksum ? CHECKSUM_BYTES : 0));
    else expect("block", 3, stored_bytes);
  }

  function field(): void {
    if (state === "descriptor") return descriptor(value);
    if (state === "block") return block(value);
    if (state === "skippable") return expect("between", 4, value);
    const kind = magicKind(value);
    if (kind === "frame") expect("descriptor", 1);
    else if (kind === "skippable") expect("skippable", 4);
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
