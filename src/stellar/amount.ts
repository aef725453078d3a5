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
  const negative = digits.charCodeAt(0) === MINUS;
  const start = negative ? 1 : 0;
  const point = digits.length - PLACES;
  let end = digits.length;
  while (end > start && end > point && digits.charCodeAt(end - 1) === ZERO) end--;
  const sign = negative && end > start ? "-" : "";
  if (point > start) {
    const whole = sign + digits.slice(start, point);
    return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
  }
  if (end === start) return "0";
  return `${sign}0.${LEADING_ZEROS.slice(0, start - point)}${digits.slice(start, end)}`;
}

/** The same of a number: -269817n → "-0.0269817". */
export function decimalOfStroops(stroops: bigint): string {
  return decimalOfDigits(String(stroops));
}

const MINUS = 45;
const ZERO = 48;
const LEADING_ZEROS = "0".repeat(PLACES);

/** An amount in stroops with all of its seven places, as Horizon writes it: 100n → "0.0000100". */
export function amountText(stroops: bigint): string {
  const negative = stroops < 0n;
  const positive = negative ? -stroops : stroops;
  // Numbers become text faster than bigints; most amounts are exact as numbers.
  const whole = positive <= Number.MAX_SAFE_INTEGER ? Number(positive) : positive;
  const digits = String(whole).padStart(PLACES + 1, "0");
  const point = digits.length - PLACES;
  return `${negative ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Whole units, as a config gives them, in stroops; what is finer than a stroop is rounded. */
export function stroopsOf(units: number): bigint {
  const [whole = "0", places = ""] = units.toFixed(PLACES).split(".");
  return BigInt(whole + places);
}
