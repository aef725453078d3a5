/** A whole number of 64 bits as JSON: a number where that is exact, which is written faster. */
export function wholeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
