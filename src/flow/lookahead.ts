/**
 * Several batches at a time through a step that allows it: they begin in order, and their results
 * are handed on in the same order, whichever is ready first.
 */

import type { Batch } from "./batch.ts";

export interface Lookahead {
  /** The next batch; undefined: there is none any more. */
  take(): Promise<Batch | undefined>;
  step(batch: Batch): Promise<Batch | undefined>;
  /** Called with one result after the other. */
  deliver(batch: Batch, result: Batch | undefined): Promise<void>;
  /** How many may have been taken and not yet delivered. */
  readonly width: number;
}

/** Resolves when all are delivered; throws what the first that fails throws, at once. */
export function runAhead(lookahead: Lookahead): Promise<void> {
  const { take, step, deliver, width } = lookahead;
  return new Promise((resolve, reject) => {
    let open = 0;
    let failed = false;
    let wake = () => {};
    let delivered: Promise<void> = Promise.resolve();

    const fail = (error: unknown) => {
      failed = true;
      reject(error);
      wake();
    };

    async function settle(batch: Batch, result: Promise<Batch | undefined>): Promise<void> {
      const done = await result;
      if (!failed) await deliver(batch, done);
      open -= 1;
      wake();
    }

    async function begin(): Promise<void> {
      while (!failed) {
        if (open >= width) {
          await new Promise<void>((free) => wake = free);
          continue;
        }
        const batch = await take();
        if (batch === undefined || failed) break;
        open += 1;
        const result = step(batch);
        // It counts at once, not when its turn comes.
        result.catch(fail);
        delivered = delivered.then(() => settle(batch, result));
        delivered.catch(fail);
      }
      await delivered;
    }

    begin().then(resolve, fail);
  });
}
