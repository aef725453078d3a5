/** How much memory rows take, roughly: what bounds the edges between components. */

import type { EventGroup, Row } from "../flow/batch.ts";

/** Rows that are looked at; the others are taken to be like them. */
const SAMPLES = 8;

/** Of a value or an object in itself. */
const VALUE_BYTES = 24;

/** Nesting beyond which nothing is counted. */
const MAX_DEPTH = 16;

export function groupsBytes(groups: readonly EventGroup[]): number {
  let bytes = 0;
  for (const { rows } of groups) bytes += rowsBytes(rows);
  return bytes;
}

function rowsBytes(rows: readonly Row[]): number {
  const step = Math.max(1, Math.ceil(rows.length / SAMPLES));
  let looked = 0;
  let bytes = 0;
  for (let index = 0; index < rows.length; index += step) {
    bytes += valueBytes(rows[index], 0);
    looked++;
  }
  return looked === 0 ? 0 : Math.round(bytes / looked * rows.length);
}

function valueBytes(value: unknown, depth: number): number {
  if (typeof value === "string") return VALUE_BYTES + value.length;
  if (typeof value !== "object" || value === null) return VALUE_BYTES;
  if (value instanceof Uint8Array) return VALUE_BYTES + value.length;
  if (value instanceof Date || depth >= MAX_DEPTH) return VALUE_BYTES;
  let bytes = VALUE_BYTES;
  for (const key in value) {
    bytes += valueBytes((value as Record<string, unknown>)[key], depth + 1);
  }
  return bytes;
}
