/** A backfill: a range of ledgers of one pipeline, done in chunks that can be done anywhere. */

import { createHash } from "node:crypto";
import type { Chunk } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";
import { plannedChunk } from "./chunk-status.ts";
import type { ChunkStatus } from "./chunk-status.ts";

/** More chunks than this are a mistake in `--chunk`. */
export const MAX_CHUNKS = 100_000;

export interface Backfill {
  /** The same for the same pipeline, range and chunk size: doing it again goes on with it. */
  readonly id: string;
  /** namespace/name. */
  readonly pipeline: string;
  readonly yaml: string;
  readonly from: number;
  readonly to: number;
  /** Ledgers a chunk. */
  readonly size: number;
}

export function createBackfill(backfill: Omit<Backfill, "id">): Backfill {
  const { pipeline, yaml, from, to, size } = backfill;
  const hash = createHash("sha256").update(JSON.stringify([pipeline, yaml, from, to, size]));
  return { ...backfill, id: hash.digest("hex").slice(0, 16) };
}

/**
 * Chunks end at multiples of their size, so that another backfill over the same ledgers has the
 * same ones in the middle. Throws `cli/usage`.
 */
export function planChunks({ from, to, size }: Pick<Backfill, "from" | "to" | "size">): Chunk[] {
  checkRange({ from, to, size });
  const chunks: Chunk[] = [];
  for (let first = from; first <= to;) {
    const last = Math.min(to, Math.floor(first / size) * size + size - 1);
    chunks.push({ first, last });
    first = last + 1;
  }
  return chunks;
}

function checkRange({ from, to, size }: Pick<Backfill, "from" | "to" | "size">): void {
  if (from > to) throw new FlowctlError("cli/usage", `--from ${from} is above --to ${to}`);
  if ((to - from) / size > MAX_CHUNKS) {
    throw new FlowctlError("cli/usage", `that would be more than ${MAX_CHUNKS} chunks`, {
      hint: "give a larger --chunk",
    });
  }
}

/**
 * The chunks of a range where some were begun before, perhaps in another size: those keep their
 * borders, also beyond the range, since what they wrote is named by them; new ones fill the gaps.
 * So no ledger is in two chunks.
 */
export function planAround(
  { from, to, size }: Pick<Backfill, "from" | "to" | "size">,
  begun: readonly ChunkStatus[],
): ChunkStatus[] {
  checkRange({ from, to, size });
  const kept = begun.filter(({ first, last }) => last >= from && first <= to)
    .toSorted((a, b) => a.first - b.first);
  const plan: ChunkStatus[] = [];
  const fill = (first: number, last: number) => {
    if (first > last) return;
    for (const chunk of planChunks({ from: first, to: last, size })) {
      plan.push(plannedChunk(chunk.first, chunk.last));
    }
  };
  let next = from;
  for (const chunk of kept) {
    fill(next, chunk.first - 1);
    plan.push(chunk);
    next = chunk.last + 1;
  }
  fill(next, to);
  return plan;
}
