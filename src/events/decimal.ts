/** Decimal columns as integers in their smallest unit: Stellar amounts have 7 places. */

export const DECIMAL_PLACES = 7;

const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]{1,7}))?$/;

/** The decimal times 10^7; a RangeError for a text that is no decimal of at most 7 places. */
export function unscaledDecimal(text: string): bigint {
  const match = DECIMAL.exec(text);
  if (match === null) throw new RangeError("not a decimal of at most 7 places");
  const [, sign, whole, places = ""] = match;
  return BigInt(`${sign}${whole}${places.padEnd(DECIMAL_PLACES, "0")}`);
}
