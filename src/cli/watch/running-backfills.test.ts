import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CountChunksResponseSchema } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import { ChunkStatus } from "../../gen/proto/flowctl/control_plane_pb.js";
import { backfillTable, PAUSED_AFTER_ms, progressOf } from "./running-backfills.ts";

const RUN = { runId: "backfill-1", pipelineName: "history", startTime: timestampFromMs(1_000) };

/** At 11,000 ms, of chunks of 100 ledgers each. */
const counted = (chunks: Readonly<Partial<Record<ChunkStatus, number>>>, heard_ms: number) =>
  create(CountChunksResponseSchema, {
    counts: Object.entries(chunks).map(([status, number]) => ({
      status: Number(status),
      chunks: BigInt(number),
      ledgers: BigInt(number * 100),
    })),
    heardAt: timestampFromMs(heard_ms),
    now: timestampFromMs(11_000),
  });

test("progress counts chunks and ledgers, and reckons what is left", () => {
  const { VERIFIED, RUNNING, PLANNED, FAILED, RETRY_PENDING } = ChunkStatus;
  const progress = progressOf(
    RUN,
    counted({
      ...{ [VERIFIED]: 2_000, [RUNNING]: 1, [FAILED]: 1, [RETRY_PENDING]: 1, [PLANNED]: 5_997 },
    }, 10_900),
  );
  assert.deepEqual(progress, {
    ...{ run_id: "backfill-1", pipeline: "history", state: "running" },
    ...{ chunks: 8_000, verified: 2_000, running: 1, retrying: 1, failed: 1 },
    ...{ ledgers: 800_000, ledgers_verified: 200_000, left_ms: 30_000 },
  });
  const [head, row] = backfillTable([progress]);
  assert.match(head ?? "", /^BACKFILL +STATE +VERIFIED/);
  assert.match(row ?? "", /^history +running +2,000\/8,000 +1 +1 +1 +200,000\/800,000 +30/);
});

test("a backfill of which nobody says anything is paused", () => {
  const chunks = { [ChunkStatus.VERIFIED]: 1, [ChunkStatus.RUNNING]: 1 };
  const heard = (ago_ms: number) => progressOf(RUN, counted(chunks, 11_000 - ago_ms));
  assert.equal(heard(PAUSED_AFTER_ms).state, "running");
  const { state, running, left_ms } = heard(PAUSED_AFTER_ms + 1);
  assert.deepEqual({ state, running, left_ms }, { state: "paused", running: 0, left_ms: null });
});

test("nothing is reckoned before the first chunk is verified", () => {
  assert.equal(progressOf(RUN, counted({ [ChunkStatus.PLANNED]: 1 }, 10_000)).left_ms, null);
  assert.deepEqual(backfillTable([]), []);
});
