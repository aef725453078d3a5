import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ChunkRunSchema, ChunkStatus } from "../gen/proto/flowctl/control_plane_pb.js";
import { backfillTable, progressOf } from "./running-backfills.ts";

const chunk = (index: number, status: ChunkStatus) =>
  create(ChunkRunSchema, {
    chunkId: `${index}`,
    chunkStart: BigInt(index * 100),
    chunkEnd: BigInt(index * 100 + 99),
    status,
    ...(status === ChunkStatus.PLANNED ? {} : { startedAt: timestampFromMs(1_000) }),
  });

test("progress counts chunks and ledgers, and reckons what is left", () => {
  const { VERIFIED, RUNNING, PLANNED, FAILED, RETRY_PENDING } = ChunkStatus;
  const statuses = [VERIFIED, VERIFIED, RUNNING, FAILED, RETRY_PENDING, PLANNED, PLANNED, PLANNED];
  const progress = progressOf(statuses.map((status, index) => chunk(index, status)), 11_000);
  assert.deepEqual(progress, {
    ...{ chunks: 8, more: false, verified: 2, running: 1, retrying: 1, failed: 1 },
    ...{ ledgers: 800, ledgers_verified: 200, left_ms: 30_000 },
  });
  const [head, row] = backfillTable([{ run_id: "backfill-1", pipeline: "history", ...progress }]);
  assert.match(head ?? "", /^BACKFILL +VERIFIED/);
  assert.match(row ?? "", /^history +2\/8 +1 +1 +1 +200\/800 +30/);
});

test("nothing is reckoned before the first chunk is verified", () => {
  assert.equal(progressOf([chunk(0, ChunkStatus.PLANNED)], 5_000).left_ms, null);
  assert.deepEqual(backfillTable([]), []);
});
