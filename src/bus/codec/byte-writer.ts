/** Protobuf's wire format, written into one buffer that is used again for every ledger. */

const INITIAL_bytes = 64 * 1024;
/** A buffer that a large ledger made larger than this is given away with it. */
const KEEP_bytes = 1024 * 1024;
/** A varint of 53 bits takes 8 bytes; one more than needed. */
const MAX_VARINT_bytes = 9;
/** Below this a shift works; above it numbers are divided. */
const TWO_31 = 0x80000000;

export const VARINT = 0;
export const BIT64 = 1;
export const DELIMITED = 2;

export interface ByteWriter {
  /** Forgets what was written and not finished. */
  start(): void;
  tag(field: number, wireType: number): void;
  /** A whole number from 0 up to 2^53. */
  varint(value: number): void;
  /** UTF-8 with its length in front. */
  text(value: string): void;
  /** As they are, without a length. */
  raw(bytes: Uint8Array): void;
  bytes(value: Uint8Array): void;
  int64(value: bigint): void;
  uint64(value: bigint): void;
  double(value: number): void;
  /** Writes what `body` writes, with its length in front. */
  delimited(body: () => void): void;
  /** What was written since `start`; it stays as it is whatever is written next. */
  finish(): Uint8Array;
}

export function createByteWriter(): ByteWriter {
  let buffer = Buffer.allocUnsafeSlow(INITIAL_bytes);
  let view = viewOf(buffer);
  let at = 0;

  function use(other: Buffer<ArrayBuffer>): void {
    buffer = other;
    view = viewOf(other);
  }

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    use(larger);
  }

  function varint(value: number): void {
    reserve(MAX_VARINT_bytes);
    let left = value;
    while (left >= TWO_31) {
      buffer[at++] = (left % 0x80) | 0x80;
      left = Math.floor(left / 0x80);
    }
    while (left > 0x7f) {
      buffer[at++] = (left & 0x7f) | 0x80;
      left >>>= 7;
    }
    buffer[at++] = left;
  }

  /** The length is known only afterwards: one byte is left for it, and more made when needed. */
  function delimited(body: () => void): void {
    reserve(1);
    const start = at;
    at += 1;
    body();
    const length = at - start - 1;
    if (length < 0x80) {
      buffer[start] = length;
      return;
    }
    const extra = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
    reserve(extra);
    buffer.copyWithin(start + 1 + extra, start + 1, at);
    const end = at + extra;
    at = start;
    varint(length);
    at = end;
  }

  function text(value: string): void {
    const { length } = value;
    reserve(length * 3 + MAX_VARINT_bytes);
    // At most 127 bytes whatever it holds: one byte of length, written after the text itself.
    if (length <= 0x7f / 3) {
      const written = buffer.write(value, at + 1);
      buffer[at] = written;
      at += 1 + written;
      return;
    }
    // A guess that is right for plain text: as many bytes as characters.
    const start = at;
    varint(length);
    const written = buffer.write(value, at);
    if (written === length) {
      at += written;
      return;
    }
    at = start;
    varint(written);
    at += buffer.write(value, at);
  }

  function raw(bytes: Uint8Array): void {
    reserve(bytes.length);
    buffer.set(bytes, at);
    at += bytes.length;
  }

  return {
    start: () => void (at = 0),
    tag: (field, wireType) => varint(field << 3 | wireType),
    varint,
    text,
    raw,
    bytes(value) {
      varint(value.length);
      raw(value);
    },
    int64(value) {
      reserve(8);
      view.setBigInt64(at, value, true);
      at += 8;
    },
    uint64(value) {
      reserve(8);
      view.setBigUint64(at, value, true);
      at += 8;
    },
    double(value) {
      reserve(8);
      view.setFloat64(at, value, true);
      at += 8;
    },
    delimited,
    finish() {
      const written = new Uint8Array(buffer.buffer, 0, at);
      at = 0;
      if (buffer.length <= KEEP_bytes) return written.slice();
      use(Buffer.allocUnsafeSlow(INITIAL_bytes));
      return written;
    },
  };
}

function viewOf({ buffer }: Buffer): DataView {
  return new DataView(buffer);
}
