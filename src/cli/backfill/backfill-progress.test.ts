import assert from "node:assert/strict";
import { test } from "node:test";
import { plannedChunk } from "../../backfill/chunk-status.ts";
import type { Logger } from "../../flow/component.ts";
import { backfillProgress } from "./backfill-progress.ts";

test("each finished chunk says how fast it goes and how long it still takes", () => {
  const lines: unknown[] = [];
  const note = (message: string, fields: Record<string, unknown> = {}) =>
    void lines.push([message, fields["ledgers"], fields["left"]]);
  const log: Logger = { debug: () => {}, info: note, warn: note, error: note };
  let now_ms = 1_000;
  const before = { ...plannedChunk(1, 1000), status: "verified" as const };
  const plan = [before, plannedChunk(1001, 1100), plannedChunk(1101, 1400)];
  const progress = backfillProgress(log, plan, () => now_ms);
  now_ms += 20_000;
  progress({ ...plan[1]!, status: "running" });
  progress({ ...plan[1]!, status: "verified" });
  now_ms += 20_000;
  progress({ ...plan[2]!, status: "retry_pending", error: "no answer" });
  progress({ ...plan[2]!, status: "verified" });
  assert.deepEqual(lines, [
    ["verified 2 of 3", "5.0/s", "1m"],
    ["chunk is tried again: no answer", undefined, undefined],
    ["verified 3 of 3", "10.0/s", undefined],
  ]);
});
