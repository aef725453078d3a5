/**
 * A time as ISO 8601 in UTC, without the zeros that a fraction would end with:
 * `2026-06-19T00:20:52Z`, `2026-06-19T00:20:52.5Z`. A RangeError for an invalid date.
 */
export function isoTimestamp(time: Date): string {
  const text = time.toISOString();
  return text.endsWith(".000Z") ? `${text.slice(0, -5)}Z` : text.replace(/0+Z$/, "Z");
}
