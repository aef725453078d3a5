/** Where each chunk of a backfill stands, as its ledger and the fleet keep it. */

import * as v from "valibot";
import type { ChunkResult } from "./run-chunk.ts";

export const chunkStatusSchema = v.object({
  first: v.number(),
  last: v.number(),
  status: v.picklist(["planned", "running", "verified", "failed", "retry_pending"]),
  attempt: v.number(),
  /** Who does or did it: an agent's name; empty on one machine. */
  by: v.string(),
  error: v.string(),
  started_at_ms: v.optional(v.number()),
  ended_at_ms: v.optional(v.number()),
  rows: v.record(v.string(), v.number()),
  checksums: v.record(v.string(), v.string()),
});

export type ChunkStatus = v.InferOutput<typeof chunkStatusSchema>;

export function plannedChunk(first: number, last: number): ChunkStatus {
  return { first, last, status: "planned", attempt: 0, by: "", error: "", rows: {}, checksums: {} };
}

export function verifiedChunk(
  before: ChunkStatus,
  result: ChunkResult,
  at_ms: number,
): ChunkStatus {
  return {
    ...before,
    status: "verified",
    error: "",
    ended_at_ms: at_ms,
    rows: { ...result.rows },
    checksums: { ...result.checksums },
  };
}

/** Nobody will do anything more of it. */
export function isOver({ status }: ChunkStatus): boolean {
  return status === "verified" || status === "failed";
}
