/** Protobuf's wire format, read in place. Every reader throws when it would pass its end. */

import { BIT64, DELIMITED, VARINT } from "./byte-writer.ts";

const BIT32 = 5;
/** Beyond 2^53 nothing that a ledger holds as a varint goes. */
const MAX_SCALE = 2 ** 49;

export interface ByteReader {
  /** Whether there is more. */
  more(): boolean;
  /** Field number times 8 plus wire type. */
  tag(): number;
  varint(): number;
  text(): string;
  /** A view of the bytes, not a copy. */
  bytes(): Uint8Array;
  int64(): bigint;
  uint64(): bigint;
  double(): number;
  /** Reads on within what has its length in front. */
  nested(): ByteReader;
  skip(tag: number): void;
}

export function readBytes(bytes: Uint8Array): ByteReader {
  const { buffer, byteOffset, byteLength } = bytes;
  return readerOf(
    Buffer.from(buffer, byteOffset, byteLength),
    new DataView(buffer, byteOffset, byteLength),
    0,
    byteLength,
  );
}

function readerOf(buffer: Buffer, view: DataView, start: number, end: number): ByteReader {
  let at = start;

  /** Where what takes so many bytes begins. */
  function take(length: number): number {
    const from = at;
    at += length;
    if (at > end) throw new Error("it ends too early");
    return from;
  }

  function varint(): number {
    let byte = buffer[take(1)]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; scale <= MAX_SCALE; scale *= 0x80) {
      byte = buffer[take(1)]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error("it holds a number that is too long");
  }

  function skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === VARINT) varint();
    else if (wireType === BIT64) take(8);
    else if (wireType === DELIMITED) take(varint());
    else if (wireType === BIT32) take(4);
    else throw new Error(`it holds wire type ${wireType}`);
  }

  return {
    more: () => at < end,
    tag: varint,
    varint,
    text() {
      const length = varint();
      const from = take(length);
      return buffer.toString("utf8", from, from + length);
    },
    bytes() {
      const length = varint();
      const from = take(length);
      // Not a Buffer, whose `slice` shares memory where that of a Uint8Array copies.
      return new Uint8Array(buffer.buffer, buffer.byteOffset + from, length);
    },
    int64: () => view.getBigInt64(take(8), true),
    uint64: () => view.getBigUint64(take(8), true),
    double: () => view.getFloat64(take(8), true),
    nested() {
      const length = varint();
      const from = take(length);
      return readerOf(buffer, view, from, from + length);
    },
    skip,
  };
}

/** The tag of a field. */
export const tagOf = (field: number, wireType: number): number => field << 3 | wireType;
