/**
 * Least and greatest value of a column chunk, as readers skip by them
 * (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, Statistics).
 */

import type { Physical } from "../schema.ts";
import { readUint32, writeUint32 } from "./byte-buffer.ts";

export type Bound = Uint8Array | bigint | number | boolean;

export interface Bounds {
  readonly least: Bound | undefined;
  readonly greatest: Bound | undefined;
}

/** Bytes of a bound that are kept: more than the 16 to which the footer's writer shortens it. */
const KEPT_BYTES = 64;

const NO_BOUNDS: Bounds = { least: undefined, greatest: undefined };

/** `parts` as plain pages have them (a byte for each boolean); `unsigned` for 64-bit integers. */
export function boundsOf(
  physical: Physical,
  unsigned: boolean,
  parts: Iterable<Uint8Array>,
): Bounds {
  switch (physical) {
    case "bytes":
      return boundsOfBytes(parts);
    case "int64":
      return boundsOfInt64s(parts, unsigned);
    case "int32":
      return boundsOfNumbers(parts, 4, (view, at) => view.getInt32(at, true));
    case "double":
      return signedZeros(boundsOfNumbers(parts, 8, (view, at) => view.getFloat64(at, true)));
    case "boolean": {
      const { least, greatest } = boundsOfNumbers(parts, 1, (view, at) => view.getUint8(at));
      return least === undefined ? NO_BOUNDS : { least: least === 1, greatest: greatest === 1 };
    }
    case "fixed":
      return NO_BOUNDS;
  }
}

interface Slice {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

function boundsOfBytes(
  parts: Iterable<Uint8Array>,
): { least: Uint8Array | undefined; greatest: Uint8Array | undefined } {
  let least: Slice | undefined;
  let greatest: Slice | undefined;
  for (const bytes of parts) {
    for (let at = 0; at < bytes.length;) {
      const from = at + 4;
      const to = from + readUint32(bytes, at);
      if (least === undefined || greatest === undefined) {
        least = greatest = { bytes, from, to };
      } else if (compareBytes(bytes, from, to, least) < 0) {
        least = { bytes, from, to };
      } else if (compareBytes(bytes, from, to, greatest) > 0) {
        greatest = { bytes, from, to };
      }
      at = to;
    }
  }
  return { least: copyOf(least), greatest: copyOf(greatest) };
}

/** Unsigned and byte by byte, which for UTF-8 is the order of code points. */
function compareBytes(bytes: Uint8Array, from: number, to: number, other: Slice): number {
  const length = Math.min(to - from, other.to - other.from);
  for (let at = 0; at < length; at++) {
    const difference = (bytes[from + at] as number) - (other.bytes[other.from + at] as number);
    if (difference !== 0) return difference;
  }
  return to - from - (other.to - other.from);
}

function copyOf(slice: Slice | undefined): Uint8Array | undefined {
  return slice?.bytes.slice(slice.from, Math.min(slice.to, slice.from + KEPT_BYTES));
}

/** Least and greatest of such values, shortened, and laid out as these are. */
export function boundPrefixes(values: Uint8Array): Uint8Array {
  const { least, greatest } = boundsOfBytes([values]);
  if (least === undefined || greatest === undefined) return new Uint8Array();
  const bounds = new Uint8Array(8 + least.length + greatest.length);
  writeUint32(bounds, 0, least.length);
  bounds.set(least, 4);
  writeUint32(bounds, 4 + least.length, greatest.length);
  bounds.set(greatest, 8 + least.length);
  return bounds;
}

/** Without a bigint for each value. */
function boundsOfInt64s(parts: Iterable<Uint8Array>, unsigned: boolean): Bounds {
  let found = false;
  let leastHigh = 0, leastLow = 0, greatestHigh = 0, greatestLow = 0;
  for (const bytes of parts) {
    for (let at = 0; at < bytes.length; at += 8) {
      const low = readUint32(bytes, at);
      const bits = readUint32(bytes, at + 4);
      const high = unsigned ? bits : bits | 0;
      if (!found || high < leastHigh || (high === leastHigh && low < leastLow)) {
        leastHigh = high;
        leastLow = low;
      }
      if (!found || high > greatestHigh || (high === greatestHigh && low > greatestLow)) {
        greatestHigh = high;
        greatestLow = low;
      }
      found = true;
    }
  }
  if (!found) return NO_BOUNDS;
  return { least: int64(leastHigh, leastLow), greatest: int64(greatestHigh, greatestLow) };
}

function int64(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function boundsOfNumbers(
  parts: Iterable<Uint8Array>,
  width: number,
  read: (view: DataView, at: number) => number,
): { least: number | undefined; greatest: number | undefined } {
  let least: number | undefined;
  let greatest: number | undefined;
  for (const bytes of parts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += width) {
      const value = read(view, at);
      if (Number.isNaN(value)) continue;
      if (least === undefined || value < least) least = value;
      if (greatest === undefined || value > greatest) greatest = value;
    }
  }
  return { least, greatest };
}

/** Zero has two signs that compare as equal: the bounds must cover both. */
function signedZeros({ least, greatest }: ReturnType<typeof boundsOfNumbers>): Bounds {
  return { least: least === 0 ? -0 : least, greatest: greatest === 0 ? 0 : greatest };
}
