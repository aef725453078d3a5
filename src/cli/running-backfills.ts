/** How far the backfills are that go on at a control plane. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ChunkStatus, ControlPlane, RunStatus } from "../gen/proto/flowctl/control_plane_pb.js";
import type { ChunkRun } from "../gen/proto/flowctl/control_plane_pb.js";
import { count, duration, table } from "./format.ts";
import type { ServerClient } from "./server-client.ts";

/** What one answer of the server holds. */
const MAX_CHUNKS = 1_000;
/** Backfills that are looked into. */
const MAX_BACKFILLS = 20;
const RUN_PREFIX = "backfill-";

export interface BackfillProgress {
  readonly run_id: string;
  readonly pipeline: string;
  /** Known to the server; `more` tells that there are others. */
  readonly chunks: number;
  readonly more: boolean;
  readonly verified: number;
  readonly running: number;
  readonly retrying: number;
  readonly failed: number;
  readonly ledgers: number;
  readonly ledgers_verified: number;
  /** At the rate so far; null: nothing is verified yet. */
  readonly left_ms: number | null;
}

export async function backfillsAt(server: ServerClient): Promise<readonly BackfillProgress[]> {
  const client = server.of(ControlPlane);
  const { runs } = await server.answer(client.listPipelineRuns({ status: RunStatus.RUNNING }));
  const backfills = runs.filter(({ runId }) => runId.startsWith(RUN_PREFIX));
  return await Promise.all(
    backfills.slice(0, MAX_BACKFILLS).map(async (run) => {
      const asked = client.listChunkRuns({ pipelineRunId: run.runId, limit: MAX_CHUNKS });
      const { chunks } = await server.answer(asked);
      return { run_id: run.runId, pipeline: run.pipelineName, ...progressOf(chunks, Date.now()) };
    }),
  );
}

export function progressOf(
  chunks: readonly ChunkRun[],
  now_ms: number,
): Omit<BackfillProgress, "run_id" | "pipeline"> {
  const of = (status: ChunkStatus) => chunks.filter((chunk) => chunk.status === status);
  const ledgersOf = (some: readonly ChunkRun[]) =>
    some.reduce((sum, one) => sum + Number(one.chunkEnd - one.chunkStart) + 1, 0);
  const verified = of(ChunkStatus.VERIFIED);
  const ledgers = ledgersOf(chunks);
  const ledgers_verified = ledgersOf(verified);
  const begun = verified.flatMap((one) => one.startedAt === undefined ? [] : [one.startedAt]);
  const since_ms = now_ms - Math.min(...begun.map(timestampMs));
  return {
    chunks: chunks.length,
    more: chunks.length >= MAX_CHUNKS,
    verified: verified.length,
    running: of(ChunkStatus.RUNNING).length,
    retrying: of(ChunkStatus.RETRY_PENDING).length,
    failed: of(ChunkStatus.FAILED).length,
    ledgers,
    ledgers_verified,
    left_ms: begun.length === 0
      ? null
      : Math.round(since_ms / ledgers_verified * (ledgers - ledgers_verified)),
  };
}

/** Head and one row each; empty when none goes on. */
export function backfillTable(backfills: readonly BackfillProgress[]): string[] {
  if (backfills.length === 0) return [];
  const titles = ["BACKFILL", "VERIFIED", "RUNNING", "RETRYING", "FAILED", "LEDGERS", "LEFT"];
  return table(
    titles.map((title, index) => ({ title, align: index === 0 ? "left" : "right" })),
    backfills.map((one) => [
      one.pipeline,
      `${count(one.verified)}/${count(one.chunks)}${one.more ? "+" : ""}`,
      count(one.running),
      count(one.retrying),
      count(one.failed),
      `${count(one.ledgers_verified)}/${count(one.ledgers)}${one.more ? "+" : ""}`,
      one.left_ms === null ? "" : duration(one.left_ms),
    ]),
  );
}
