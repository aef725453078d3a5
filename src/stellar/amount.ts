/** Amounts: exact digits, in stroops and in whole units of seven places. */

import type { XdrBytes } from "./xdr/xdr-bytes.ts";

const PLACES = 7;

/** The digits of the i128 (high, then low word) at `offset`. */
export function int128Digits(xdr: XdrBytes, offset: number): string {
  const small = smallInt128(xdr, offset);
  if (small !== undefined) return String(small);
  return String((xdr.int64(offset, "Int128Parts.hi") << 64n) | lowWord(xdr, offset + 8));
}

/** The digits of the u128 at `offset`. */
export function uint128Digits(xdr: XdrBytes, offset: number): string {
  return String((xdr.uint64(offset, "Uint128Parts.hi") << 64n) | lowWord(xdr, offset + 8));
}

/** The digits of the i256 or u256 (four words, highest first) at `offset`. */
export function int256Digits(xdr: XdrBytes, offset: number, signed: boolean): string {
  const high = signed ? xdr.int64(offset, "Int256Parts") : xdr.uint64(offset, "Uint256Parts");
  const [second, third, fourth] = [8, 16, 24].map((distance) => lowWord(xdr, offset + distance));
  return String((((high << 64n | (second ?? 0n)) << 64n | (third ?? 0n)) << 64n) | (fourth ?? 0n));
}

/** Most amounts fit a number; making a bigint of each would cost more than all the rest. */
function smallInt128(xdr: XdrBytes, offset: number): number | undefined {
  const sign = xdr.int32(offset, "Int128Parts.hi");
  if (sign !== xdr.int32(offset + 4, "Int128Parts.hi")) return undefined;
  const high = xdr.int32(offset + 8, "Int128Parts.lo");
  const low = xdr.uint32(offset + 12, "Int128Parts.lo");
  const fits = sign === 0
    ? high >= 0 && high < 0x200000
    : sign === -1 && high >= -0x200000 && high < 0;
  return fits ? high * 0x100000000 + low : undefined;
}

function lowWord(xdr: XdrBytes, offset: number): bigint {
  return xdr.uint64(offset, "Int128Parts.lo");
}

/** An amount in stroops (its digits) as a decimal: "-269817" → "-0.0269817", "100" → "0.00001". */
export function decimalOfDigits(digits: string): string {
  const negative = digits.charCodeAt(0) === 45;
  const bare = negative ? digits.slice(1) : digits;
  const padded = bare.length > PLACES ? bare : bare.padStart(PLACES + 1, "0");
  const point = padded.length - PLACES;
  let end = padded.length;
  while (end > point && padded.charCodeAt(end - 1) === 48) end--;
  const whole = padded.slice(0, point);
  const decimal = end === point ? whole : `${whole}.${padded.slice(point, end)}`;
  return negative && decimal !== "0" ? `-${decimal}` : decimal;
}
