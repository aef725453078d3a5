/** Does a backfill on this machine. */

import { openChunkLedger } from "../../backfill/chunk-ledger.ts";
import type { ChunkStatus } from "../../backfill/chunk-status.ts";
import { planAround } from "../../backfill/plan.ts";
import type { Backfill } from "../../backfill/plan.ts";
import { runLocalBackfill, withoutLost } from "../../backfill/run-local.ts";
import { checkSamePipeline, settingsOf } from "../../backfill/same-pipeline.ts";
import type { Logger } from "../../flow/component.ts";
import type { Runnable } from "../pipeline/runnable.ts";
import { backfillProgress } from "./backfill-progress.ts";

export interface BackfillHere {
  readonly backfill: Backfill;
  readonly runnable: Runnable;
  readonly stateDir: string;
  readonly jobs: number;
  /** Chunks of the range that are done are done again. */
  readonly again: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** All chunks of the range as they stand at the end. */
export async function backfillHere(options: BackfillHere): Promise<readonly ChunkStatus[]> {
  const { backfill, runnable, again, log } = options;
  const { pipeline, env, redact } = runnable;
  const ledger = openChunkLedger({ stateDir: options.stateDir, pipeline: backfill.pipeline });
  try {
    const settings = settingsOf(pipeline);
    if (!again) checkSamePipeline(backfill.pipeline, ledger.settings(), settings);
    ledger.begin(settings);
    const plan = await planOf(options, ledger.list());
    const { pipeline: id, from, to } = backfill;
    const done = plan.filter(({ status }) => status === "verified").length;
    log.info("backfill", { pipeline: id, from, to, chunks: plan.length, done });
    return await runLocalBackfill({
      plan,
      pipeline,
      ledger,
      jobs: options.jobs,
      signal: options.signal,
      onChange: backfillProgress(log, plan),
      // What each chunk's run says of itself.
      log: { ...log, info: log.debug },
      env,
      redact,
    });
  } finally {
    ledger.close();
  }
}

async function planOf(
  { backfill, again, log }: BackfillHere,
  begun: readonly ChunkStatus[],
): Promise<readonly ChunkStatus[]> {
  if (again) {
    const done = begun.filter(({ status }) => status === "verified");
    return planAround(backfill, done).map((chunk): ChunkStatus => ({
      ...chunk,
      status: "planned",
    }));
  }
  const plan = planAround(backfill, begun);
  for (const { first, last, status } of plan) {
    if (status === "verified" || (first >= backfill.from && last <= backfill.to)) continue;
    log.info("beyond the range: a chunk that was begun is finished as a whole (or use --again)", {
      first,
      last,
    });
  }
  return await withoutLost(plan, ({ first, last }, files) => {
    const more = files.length === 1 ? "" : ` and ${files.length - 1} more`;
    log.warn(`done again, since ${files[0]}${more} is gone`, { first, last });
  });
}
