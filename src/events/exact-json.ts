/**
 * JSON that keeps whole numbers exact: a bigint is written with all its digits, and a whole number
 * beyond 2^53 is read back as a bigint, where JSON.parse would round it.
 */

import type { Json } from "../flow/batch.ts";

const hasBigInt = (value: Json): boolean =>
  typeof value === "bigint" ||
  (typeof value === "object" && value !== null && Object.values(value).some(hasBigInt));

/** `undefined` members do not occur in Json; numbers must be finite. */
export function writeJsonExactly(value: Json): string {
  if (!hasBigInt(value)) return JSON.stringify(value);
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(writeJsonExactly).join(",")}]`;
  return `{${
    Object.entries(value as { readonly [key: string]: Json })
      .map(([key, member]) => `${JSON.stringify(key)}:${writeJsonExactly(member)}`).join(",")
  }}`;
}

/** Where a number may begin, 16 digits: in a string this is rare, and costs only time. */
const BIG_INTEGER = /(?:^|[\s:,[])-?[0-9]{16}/;

/** Throws SyntaxError on text that is not JSON. */
export function parseJsonExactly(text: string): Json {
  if (!BIG_INTEGER.test(text)) return JSON.parse(text) as Json;
  return JSON.parse(text, reviveInteger) as Json;
}

function reviveInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
}
