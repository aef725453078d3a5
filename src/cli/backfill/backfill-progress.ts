/** What is said of a backfill while it goes: chunk by chunk, how fast, and how long it still takes. */

import type { ChunkStatus } from "../../backfill/chunk-status.ts";
import type { Logger } from "../../flow/component.ts";
import { duration, rate } from "../output/format.ts";

/** Of chunks that take this long and longer, so that a rate can be told from the first one on. */
const LEAST_ELAPSED_ms = 1;

/** Takes every change of a chunk. `plan`: all chunks, as they are at the start. */
export function backfillProgress(
  log: Logger,
  plan: readonly ChunkStatus[],
  now: () => number = () => performance.now(),
): (chunk: ChunkStatus) => void {
  const open = new Map<number, number>();
  for (const { first, last, status } of plan) {
    if (status !== "verified") open.set(first, last - first + 1);
  }
  const ledgers = () => [...open.values()].reduce((sum, each) => sum + each, 0);
  const toDo = ledgers();
  const began_ms = now();

  function pace(): Record<string, string> {
    const elapsed_ms = Math.max(LEAST_ELAPSED_ms, now() - began_ms);
    const left = ledgers();
    const perSecond = (toDo - left) * 1000 / elapsed_ms;
    const done = { ledgers: rate(perSecond) };
    return left === 0 ? done : { ...done, left: duration(left * 1000 / perSecond) };
  }

  return (chunk) => {
    const { first, last, status, by, error, rows } = chunk;
    const fields = { first, last, ...(by === "" ? {} : { agent: by }) };
    if (status === "verified") {
      open.delete(first);
      log.info(`verified ${plan.length - open.size} of ${plan.length}`, {
        ...fields,
        rows,
        ...pace(),
      });
    } else if (status === "failed") log.error(`chunk failed: ${error}`, fields);
    else if (status === "retry_pending") log.warn(`chunk is tried again: ${error}`, fields);
    else log.debug(`chunk ${status}`, fields);
  };
}
