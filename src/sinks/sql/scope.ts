import type { WriteScope } from "./store.ts";

/** ` (table a, b; ledgers 1 to 5)`, or nothing when nothing was being written. */
export function describeScope({ tables, ledgers }: WriteScope): string {
  const parts: string[] = [];
  if (tables.length > 0) parts.push(`table ${[...new Set(tables)].join(", ")}`);
  if (ledgers) {
    const [first, last] = ledgers;
    parts.push(first === last ? `ledger ${first}` : `ledgers ${first} to ${last}`);
  }
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}
