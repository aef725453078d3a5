/** Values of one width, written behind each other; when all are the same, one of them. */

import { writeDecimal } from "./decimals.ts";
import { DECIMAL_BYTES } from "../schema.ts";
import type { ColumnType } from "../../../events/event-type.ts";
import type { Value } from "../../../flow/batch.ts";
import type { PresentValues } from "./present-values.ts";

const TWO_32 = 2 ** 32;
const INT64_LEAST = -(2n ** 63n);
const INT64_LIMIT = 2n ** 63n;
const UINT64_LIMIT = 2n ** 64n;
const MICROS_PER_MS = 1000;

/** One buffer, seen in every width. */
export interface FixedBuffer {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly longs: BigInt64Array;
  readonly doubles: Float64Array;
}

type FixedType = Exclude<ColumnType, "string" | "bytes" | "strings" | "json">;
type Write = (out: FixedBuffer, values: readonly NonNullable<Value>[]) => void;

export interface FixedKind {
  readonly width: number;
  readonly write: Write;
}

/** A function that writes values of one width; what it gives is valid until the next call. */
export function createFixedEncoder(): (
  kind: FixedKind,
  values: readonly NonNullable<Value>[],
) => PresentValues {
  let buffer = fixedBuffer(1024);
  return ({ width, write }, values) => {
    const size_bytes = values.length * width;
    if (buffer.bytes.length < size_bytes) {
      buffer = fixedBuffer(Math.max(size_bytes, buffer.bytes.length * 2));
    }
    write(buffer, values);
    const present = values.length;
    const same = present > 1 && allSame(buffer.bytes, width, size_bytes);
    const stored = same ? 1 : present;
    return {
      present,
      stored,
      indices: undefined,
      values: buffer.bytes.subarray(0, stored * width),
    };
  };
}

function fixedBuffer(size_bytes: number): FixedBuffer {
  const buffer = new ArrayBuffer(Math.ceil(size_bytes / DECIMAL_BYTES) * DECIMAL_BYTES);
  return {
    bytes: new Uint8Array(buffer),
    words: new Int32Array(buffer),
    longs: new BigInt64Array(buffer),
    doubles: new Float64Array(buffer),
  };
}

function allSame(bytes: Uint8Array, width: number, size_bytes: number): boolean {
  for (let at = width; at < size_bytes; at++) {
    if (bytes[at] !== bytes[at - width]) return false;
  }
  return true;
}

export const FIXED_KINDS: Readonly<Record<FixedType, FixedKind>> = {
  boolean: { width: 1, write: writeBooleans },
  int32: { width: 4, write: writeInt32s },
  int64: { width: 8, write: (out, values) => writeInt64s(out, values, INT64_LEAST, INT64_LIMIT) },
  uint64: { width: 8, write: (out, values) => writeInt64s(out, values, 0n, UINT64_LIMIT) },
  double: { width: 8, write: writeDoubles },
  timestamp: { width: 8, write: writeTimestamps },
  decimal: { width: DECIMAL_BYTES, write: writeDecimals },
};

function writeBooleans(out: FixedBuffer, values: readonly NonNullable<Value>[]): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value !== "boolean") throw new TypeError("neither true nor false");
    out.bytes[at] = value ? 1 : 0;
  }
}

function writeInt32s(out: FixedBuffer, values: readonly NonNullable<Value>[]): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || (number | 0) !== number) throw outOfRange();
    out.words[at] = number;
  }
}

/** `limit` is the first integer above the range. */
function writeInt64s(
  out: FixedBuffer,
  values: readonly NonNullable<Value>[],
  least: bigint,
  limit: bigint,
): void {
  let last: Value = null;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as NonNullable<Value>;
    if (value === last) {
      out.words[2 * at] = out.words[2 * at - 2] as number;
      out.words[2 * at + 1] = out.words[2 * at - 1] as number;
      continue;
    }
    last = value;
    if (typeof value !== "bigint" && typeof value !== "number") throw new TypeError("no integer");
    // Most are small, and no bigint has to be compared.
    const number = Number(value);
    if (Number.isSafeInteger(number) && (number >= 0 || least < 0n)) {
      const high = Math.floor(number / TWO_32);
      out.words[2 * at] = number - high * TWO_32;
      out.words[2 * at + 1] = high;
      continue;
    }
    if (typeof value !== "bigint" || value < least || value >= limit) throw outOfRange();
    out.longs[at] = value;
  }
}

function writeDoubles(out: FixedBuffer, values: readonly NonNullable<Value>[]): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value !== "number") throw new TypeError("not a number");
    out.doubles[at] = value;
  }
}

function writeTimestamps(out: FixedBuffer, values: readonly NonNullable<Value>[]): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    // One object is shared by the rows of a ledger.
    if (at > 0 && value === values[at - 1]) {
      out.words.copyWithin(2 * at, 2 * at - 2, 2 * at);
      continue;
    }
    const micros = value instanceof Date ? value.getTime() * MICROS_PER_MS : NaN;
    if (Number.isSafeInteger(micros)) {
      const high = Math.floor(micros / TWO_32);
      out.words[2 * at] = micros - high * TWO_32;
      out.words[2 * at + 1] = high;
    } else {
      if (!(value instanceof Date) || Number.isNaN(micros)) throw new TypeError("not a time");
      out.longs[at] = BigInt(value.getTime()) * BigInt(MICROS_PER_MS);
    }
  }
}

function writeDecimals(out: FixedBuffer, values: readonly NonNullable<Value>[]): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value !== "string") throw new TypeError("not a decimal's text");
    const offset = at * DECIMAL_BYTES;
    if (at > 0 && value === values[at - 1]) {
      out.bytes.copyWithin(offset, offset - DECIMAL_BYTES, offset);
    } else writeDecimal(out.bytes, offset, value);
  }
}

function outOfRange(): RangeError {
  return new RangeError("out of the column's range");
}
