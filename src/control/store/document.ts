/** Records as JSON documents: bigints are written as {"$n": "…"}, `undefined` members are left out. */

export function writeDocument(record: object): string {
  return JSON.stringify(
    record,
    (_key, value: unknown) => typeof value === "bigint" ? { $n: value.toString() } : value,
  );
}

export function readDocument<T>(text: unknown): T {
  return JSON.parse(
    String(text),
    (_key, value: unknown) => isBigInt(value) ? BigInt(value.$n) : value,
  ) as T;
}

function isBigInt(value: unknown): value is { $n: string } {
  return typeof value === "object" && value !== null && "$n" in value &&
    typeof value.$n === "string" && Object.keys(value).length === 1;
}
