/** Bytes that grow at their end and whose memory is used again. */

export interface ByteBuffer {
  /** Valid up to `length`; another array after each `reserve`. */
  bytes: Uint8Array;
  length: number;
}

const FIRST_BYTES = 4096;

/** What stands in front of each text. */
export const LENGTH_BYTES = 4;

export function createByteBuffer(): ByteBuffer {
  return { bytes: new Uint8Array(FIRST_BYTES), length: 0 };
}

/** Makes room for this many bytes behind `length`. */
export function reserve(buffer: ByteBuffer, more_bytes: number): void {
  const needed_bytes = buffer.length + more_bytes;
  if (needed_bytes <= buffer.bytes.length) return;
  const grown = new Uint8Array(Math.max(buffer.bytes.length * 2, needed_bytes));
  grown.set(buffer.bytes.subarray(0, buffer.length));
  buffer.bytes = grown;
}

export function append(buffer: ByteBuffer, added: Uint8Array): void {
  reserve(buffer, added.length);
  buffer.bytes.set(added, buffer.length);
  buffer.length += added.length;
}

/** The same byte this many times. */
export function appendRun(buffer: ByteBuffer, byte: number, count: number): void {
  reserve(buffer, count);
  buffer.bytes.fill(byte, buffer.length, buffer.length + count);
  buffer.length += count;
}

/** What was appended, in place: valid until the buffer changes. */
export function contents(buffer: ByteBuffer): Uint8Array {
  return buffer.bytes.subarray(0, buffer.length);
}

/** Four bytes, least significant first, as the format has all its numbers. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
