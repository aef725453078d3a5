/** How far the backfills are that go on at a control plane. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { CHUNK_BEAT_ms } from "../../backfill/chunk-runs.ts";
import { RunsService } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import type { CountChunksResponse } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import { ChunkStatus, ControlPlane, RunStatus } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { PipelineRun } from "../../gen/proto/flowctl/control_plane_pb.js";
import type { ServerClient } from "../client/server-client.ts";
import { count, duration, table } from "../output/format.ts";

/** Backfills that are looked into. */
const MAX_BACKFILLS = 20;
const RUN_PREFIX = "backfill-";
/** A chunk that is being done says so every `CHUNK_BEAT_ms`: after this nobody is at it. */
export const PAUSED_AFTER_ms = 3 * CHUNK_BEAT_ms;

export interface BackfillProgress {
  readonly run_id: string;
  readonly pipeline: string;
  /** Paused: there are chunks left, and nobody has said anything of one for a while. */
  readonly state: "running" | "paused";
  readonly chunks: number;
  readonly verified: number;
  readonly running: number;
  readonly retrying: number;
  readonly failed: number;
  readonly ledgers: number;
  readonly ledgers_verified: number;
  /** At the rate so far; null: nothing is verified yet, or nobody is at it. */
  readonly left_ms: number | null;
}

export async function backfillsAt(server: ServerClient): Promise<readonly BackfillProgress[]> {
  const client = server.of(ControlPlane);
  const { runs } = await server.answer(client.listPipelineRuns({ status: RunStatus.RUNNING }));
  const backfills = runs.filter(({ runId }) => runId.startsWith(RUN_PREFIX));
  return await Promise.all(
    backfills.slice(0, MAX_BACKFILLS).map(async (run) =>
      progressOf(
        run,
        await server.answer(server.of(RunsService).countChunks({ runId: run.runId })),
      )
    ),
  );
}

type Counts = Pick<CountChunksResponse, "counts" | "heardAt" | "now">;

export function progressOf(
  run: Pick<PipelineRun, "runId" | "pipelineName" | "startTime">,
  { counts, heardAt, now }: Counts,
): BackfillProgress {
  const of = (status: ChunkStatus) => counts.find((one) => one.status === status);
  const chunksOf = (status: ChunkStatus) => Number(of(status)?.chunks ?? 0);
  const now_ms = now === undefined ? Date.now() : timestampMs(now);
  const since_ms = (at: Counts["heardAt"]) => at === undefined ? 0 : now_ms - timestampMs(at);
  const ledgers = counts.reduce((sum, one) => sum + Number(one.ledgers), 0);
  const ledgers_verified = Number(of(ChunkStatus.VERIFIED)?.ledgers ?? 0);
  const paused = since_ms(heardAt) > PAUSED_AFTER_ms;
  return {
    run_id: run.runId,
    pipeline: run.pipelineName,
    state: paused ? "paused" : "running",
    chunks: counts.reduce((sum, one) => sum + Number(one.chunks), 0),
    verified: chunksOf(ChunkStatus.VERIFIED),
    running: paused ? 0 : chunksOf(ChunkStatus.RUNNING),
    retrying: chunksOf(ChunkStatus.RETRY_PENDING),
    failed: chunksOf(ChunkStatus.FAILED),
    ledgers,
    ledgers_verified,
    left_ms: paused || ledgers_verified === 0
      ? null
      : Math.round(since_ms(run.startTime) / ledgers_verified * (ledgers - ledgers_verified)),
  };
}

/** Head and one row each; empty when none goes on. */
export function backfillTable(backfills: readonly BackfillProgress[]): string[] {
  if (backfills.length === 0) return [];
  const titles = [
    "BACKFILL",
    "STATE",
    "VERIFIED",
    "RUNNING",
    "RETRYING",
    "FAILED",
    "LEDGERS",
    "LEFT",
  ];
  return table(
    titles.map((title, index) => ({ title, align: index < 2 ? "left" : "right" })),
    backfills.map((one) => [
      one.pipeline,
      one.state,
      `${count(one.verified)}/${count(one.chunks)}`,
      count(one.running),
      count(one.retrying),
      count(one.failed),
      `${count(one.ledgers_verified)}/${count(one.ledgers)}`,
      one.left_ms === null ? "" : duration(one.left_ms),
    ]),
  );
}
