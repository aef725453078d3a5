/**
 * Posts each ledger's events when they are written and notes the position when it commits. What is
 * posted cannot be taken back: after a crash the ledgers since the last commit are posted again,
 * with the same idempotency keys.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Positions, Sink, SinkContext } from "../../flow/component.ts";
import { post } from "./post.ts";
import type { PostOptions } from "./post.ts";
import type { PostRequest } from "./requests.ts";
import type { Batch } from "../../flow/batch.ts";

export function createWebhookSink(
  context: SinkContext,
  options: PostOptions,
  requestsOf: (batch: Batch) => readonly PostRequest[],
): Sink {
  const positions = new Map<string, number>();
  let committed: Positions = new Map();
  /** Keys that were taken of the ledger that is being written: it may come again. */
  const taken = new Set<string>();
  let current = "";

  const deliver = async (request: PostRequest) => {
    const failure = await post(options, request);
    if (failure === undefined) {
      context.meter.add("requests", 1);
      context.meter.add("total_bytes", request.body.length);
      return;
    }
    // The pause that the receiver asks for comes before the one of the retry policy.
    if (failure.error.retryable && failure.retryAfter_ms > 0) {
      await pause(failure.retryAfter_ms, undefined, { signal: context.signal }).catch(() => {});
    }
    throw failure.error;
  };

  return {
    open() {
      const state = context.reset ? undefined : context.checkpoint.load();
      if (context.reset) context.checkpoint.save({ positions: new Map(), extra: null });
      committed = new Map(state?.positions ?? []);
      for (const [source, sequence] of committed) positions.set(source, sequence);
      return Promise.resolve(committed);
    },
    async write(batch) {
      const ledger = `${batch.source} ${batch.sequence}`;
      if (ledger !== current) taken.clear();
      current = ledger;
      for (const request of requestsOf(batch)) {
        if (taken.has(request.idempotencyKey)) continue;
        await deliver(request);
        taken.add(request.idempotencyKey);
      }
      positions.set(batch.source, batch.sequence);
    },
    commit() {
      committed = new Map(positions);
      context.checkpoint.save({ positions: committed, extra: null });
      return Promise.resolve(committed);
    },
    close: () => Promise.resolve(),
  };
}
