import { unscaledDecimal } from "../../../events/decimal.ts";
import { DECIMAL_PLACES } from "../../../events/decimal.ts";
import { DECIMAL_BYTES, DECIMAL_PRECISION } from "../schema.ts";

const LIMIT = 10n ** BigInt(DECIMAL_PRECISION);
/** Digits with which a number is surely exact. */
const NUMBER_DIGITS = 15;
const TWO_32 = 2 ** 32;
const PLACE_FACTORS = Array.from(
  { length: DECIMAL_PLACES + 1 },
  (_, places) => 10 ** (DECIMAL_PLACES - places),
);
const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/**
 * Writes a decimal's text as the format stores it: two's complement, most significant byte first.
 * Throws a RangeError for what is no decimal of 7 places and 38 digits.
 */
export function writeDecimal(bytes: Uint8Array, at: number, text: string): void {
  const unscaled = smallUnscaled(text);
  if (unscaled === undefined) return writeLarge(bytes, at, unscaledDecimal(text));
  const high = Math.floor(unscaled / TWO_32);
  bytes.fill(unscaled < 0 ? 0xff : 0, at, at + DECIMAL_BYTES - 8);
  writeBigEndian(bytes, at + 8, high);
  writeBigEndian(bytes, at + 12, unscaled - high * TWO_32);
}

/** Undefined when a number might not be exact, or the text is no canonical decimal. */
function smallUnscaled(text: string): number | undefined {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  let value = 0;
  let point = -1;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === POINT && point < 0) {
      point = at;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  const whole = (point < 0 ? text.length : point) - start;
  const places = point < 0 ? 0 : text.length - point - 1;
  if (whole < 1 || whole + DECIMAL_PLACES > NUMBER_DIGITS) return undefined;
  if (whole > 1 && text.charCodeAt(start) === ZERO) return undefined;
  const factor = PLACE_FACTORS[places];
  if (factor === undefined || (point >= 0 && places === 0)) return undefined;
  return start === 1 ? -value * factor : value * factor;
}

function writeLarge(bytes: Uint8Array, at: number, unscaled: bigint): void {
  if (unscaled >= LIMIT || unscaled <= -LIMIT) {
    throw new RangeError(`more than ${DECIMAL_PRECISION} digits`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, DECIMAL_BYTES);
  view.setBigInt64(0, unscaled >> 64n);
  view.setBigUint64(8, BigInt.asUintN(64, unscaled));
}

function writeBigEndian(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
