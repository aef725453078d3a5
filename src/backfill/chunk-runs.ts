/** Chunks as the control plane's chunk runs: for people to see, not for the work itself. */

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import type { Link } from "../control/client/link.ts";
import {
  ChunkRunSchema,
  ChunkStatus as WireStatus,
  ControlPlane,
  FailureClass,
  RunStatus,
} from "../gen/proto/flowctl/control_plane_pb.js";
import type { ChunkRun } from "../gen/proto/flowctl/control_plane_pb.js";
import type { ChunkStatus } from "./chunk-status.ts";
import type { Backfill } from "./plan.ts";

/** A chunk that is being done is told again this often, so that people see that it is. */
export const CHUNK_BEAT_ms = 10_000;

const STATUSES: Readonly<Record<ChunkStatus["status"], WireStatus>> = {
  planned: WireStatus.PLANNED,
  running: WireStatus.RUNNING,
  verified: WireStatus.VERIFIED,
  failed: WireStatus.FAILED,
  retry_pending: WireStatus.RETRY_PENDING,
};

/** Id of the pipeline run that a backfill is, in the control plane. */
export function runIdOf(backfill: Pick<Backfill, "id">): string {
  return `backfill-${backfill.id}`;
}

function chunkRun(backfill: Pick<Backfill, "id">, chunk: ChunkStatus): ChunkRun {
  const ended = chunk.ended_at_ms === undefined ? undefined : timestampFromMs(chunk.ended_at_ms);
  const verified = chunk.status === "verified";
  return create(ChunkRunSchema, {
    chunkId: `${runIdOf(backfill)}-${chunk.first}-${chunk.last}`,
    pipelineRunId: runIdOf(backfill),
    componentId: chunk.by,
    chunkStart: BigInt(chunk.first),
    chunkEnd: BigInt(chunk.last),
    attempt: chunk.attempt,
    status: STATUSES[chunk.status],
    failureClass: chunk.status === "failed" ? FailureClass.VERIFICATION : FailureClass.UNKNOWN,
    error: chunk.error,
    ...(chunk.started_at_ms === undefined
      ? {}
      : { startedAt: timestampFromMs(chunk.started_at_ms) }),
    ...(ended === undefined ? {} : { completedAt: ended }),
    ...(ended === undefined || !verified ? {} : { verifiedAt: ended }),
    rowCounts: Object.fromEntries(
      Object.entries(chunk.rows).map(([sink, rows]) => [sink, BigInt(rows)]),
    ),
    verification: { ...chunk.checksums },
    metadata: { agent: chunk.by },
  });
}

/** Tells it if somebody listens; the backfill goes on all the same. */
export async function tellChunk(
  link: Link | undefined,
  backfill: Pick<Backfill, "id">,
  chunk: ChunkStatus,
): Promise<void> {
  if (link === undefined) return;
  try {
    await createClient(ControlPlane, link.transport)
      .upsertChunkRun({ chunk: chunkRun(backfill, chunk) });
    link.reached();
  } catch (error) {
    link.missed(error);
  }
}

/** As `tellChunk`. */
export async function tellRun(
  link: Link | undefined,
  backfill: Backfill,
  status: RunStatus,
): Promise<void> {
  if (link === undefined) return;
  const client = createClient(ControlPlane, link.transport);
  try {
    await client.createPipelineRun({
      runId: runIdOf(backfill),
      pipelineName: backfill.pipeline,
      configYaml: backfill.yaml,
    });
    await client.updatePipelineRun({ runId: runIdOf(backfill), status });
    link.reached();
  } catch (error) {
    link.missed(error);
  }
}
