/** Protobuf's wire format, read in place. Whatever would pass its end throws. */

import { BIT64, DELIMITED, VARINT } from "./byte-writer.ts";

const BIT32 = 5;
/** Beyond 2^53 nothing that a ledger holds as a varint goes. */
const MAX_SCALE = 2 ** 49;

/** The tag of a field: its number and its wire type. */
export const tagOf = (field: number, wireType: number): number => field << 3 | wireType;

export function readBytes(bytes: Uint8Array): ByteReader {
  const { buffer, byteOffset, byteLength } = bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  return new ByteReader(Buffer.from(buffer, byteOffset, byteLength), view, 0, byteLength);
}

/** A class, because a ledger has one for every column: closures would be made each time. */
export class ByteReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(buffer: Buffer, view: DataView, start: number, end: number) {
    this.#buffer = buffer;
    this.#view = view;
    this.#at = start;
    this.#end = end;
  }

  /** Whether there is more. */
  more(): boolean {
    return this.#at < this.#end;
  }

  /** Also reads a tag. */
  varint(): number {
    const first = this.#buffer[this.#take(1)]!;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let scale = 0x80; scale <= MAX_SCALE; scale *= 0x80) {
      const byte = this.#buffer[this.#take(1)]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error("it holds a number that is too long");
  }

  text(): string {
    const length = this.varint();
    const from = this.#take(length);
    return this.#buffer.toString("utf8", from, from + length);
  }

  /** A view of the bytes, not a copy. */
  bytes(): Uint8Array {
    const length = this.varint();
    const { buffer, byteOffset } = this.#buffer;
    // Not a Buffer, whose `slice` shares memory where that of a Uint8Array copies.
    return new Uint8Array(buffer, byteOffset + this.#take(length), length);
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Reads what has its length in front. */
  nested(): ByteReader {
    const length = this.varint();
    const from = this.#take(length);
    return new ByteReader(this.#buffer, this.#view, from, from + length);
  }

  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === VARINT) this.varint();
    else if (wireType === BIT64) this.#take(8);
    else if (wireType === DELIMITED) this.#take(this.varint());
    else if (wireType === BIT32) this.#take(4);
    else throw new Error(`it holds wire type ${wireType}`);
  }

  /** Where what takes so many bytes begins. */
  #take(length: number): number {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#end) throw new Error("it ends too early");
    return from;
  }
}
