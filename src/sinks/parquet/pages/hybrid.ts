/**
 * The format's hybrid of run lengths and bit packing, for levels and dictionary indices:
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE
 */

import { reserve } from "./byte-buffer.ts";
import type { ByteBuffer } from "./byte-buffer.ts";

/** Values that are packed together; a shorter run is not worth a header. */
const GROUP = 8;
/** So that a packed value never overflows the 32 bits in which it is collected. */
export const MAX_BIT_WIDTH = 24;
/** Two headers of five bytes and a run's value, at most, for each group. */
const HEADERS_BYTES = 16;

/** Bits that the values 0 to `greatest` need. */
export function bitWidthOf(greatest: number): number {
  return greatest === 0 ? 0 : 32 - Math.clz32(greatest);
}

/** Appends `count` values; each below 2 to the power of `bitWidth`. */
export function appendHybrid(
  out: ByteBuffer,
  values: ArrayLike<number>,
  count: number,
  bitWidth: number,
): void {
  let packedFrom = 0;
  let at = 0;
  while (at < count) {
    const value = values[at];
    let end = at + 1;
    while (end < count && values[end] === value) end++;
    // A run may begin only where a packed group ends.
    const behind = (at - packedFrom) % GROUP;
    const runStart = behind === 0 ? at : at + GROUP - behind;
    if (end - runStart >= GROUP) {
      if (runStart > packedFrom) appendPacked(out, values, packedFrom, runStart, bitWidth);
      appendRunOf(out, value as number, end - runStart, bitWidth);
      packedFrom = end;
    }
    at = end;
  }
  if (count > packedFrom) appendPacked(out, values, packedFrom, count, bitWidth);
}

function appendVarint(out: ByteBuffer, value: number): void {
  while (value > 0x7f) {
    out.bytes[out.length++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  out.bytes[out.length++] = value;
}

function appendRunOf(out: ByteBuffer, value: number, count: number, bitWidth: number): void {
  reserve(out, HEADERS_BYTES);
  appendVarint(out, count << 1);
  for (let bits = 0; bits < bitWidth; bits += 8) out.bytes[out.length++] = value >>> bits;
}

/** Values from `from` to `to` (excluded), filled up with zeros to whole groups. */
function appendPacked(
  out: ByteBuffer,
  values: ArrayLike<number>,
  from: number,
  to: number,
  bitWidth: number,
): void {
  const groups = Math.ceil((to - from) / GROUP);
  reserve(out, HEADERS_BYTES + groups * bitWidth);
  appendVarint(out, (groups << 1) | 1);
  const end_bytes = out.length + groups * bitWidth;
  const bytes = out.bytes;
  let length = out.length;
  let held = 0;
  let held_bits = 0;
  for (let at = from; at < to; at++) {
    held |= (values[at] as number) << held_bits;
    held_bits += bitWidth;
    while (held_bits >= 8) {
      bytes[length++] = held;
      held >>>= 8;
      held_bits -= 8;
    }
  }
  if (held_bits > 0) bytes[length++] = held;
  bytes.fill(0, length, end_bytes);
  out.length = end_bytes;
}
