/**
 * Signals to running pipelines, and taps on their edges. Both go through whoever watches for them:
 * a run, or the agent that runs a part. What nobody watches for is told to the sender.
 */

import { randomUUID } from "node:crypto";
import type { Signal, TapItem } from "../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { createHub } from "./hub.ts";
import type { Hub, Watched } from "./hub.ts";

/** A tap that nobody reads any more is forgotten with its call; this bounds those that are open. */
export const MAX_TAPS = 64;
/** Events a second of a tap that does not say. */
export const DEFAULT_TAP_RATE = 10;

export interface TapBatch {
  readonly items: readonly TapItem[];
  readonly skipped: bigint;
}

export interface Signals {
  /** Returns how many watchers got it. */
  send(signal: Signal): number;
  watch(pipeline: string, componentId: string, abort: AbortSignal): AsyncIterable<Watched<Signal>>;
  /** Undefined: too many taps are open. */
  openTap(): { readonly id: string; readonly hub: Hub<TapBatch>; close(): void } | undefined;
  /** False: nobody looks any more. */
  pushTap(tapId: string, batch: TapBatch): boolean;
  close(): void;
}

export function createSignals(): Signals {
  const hub = createHub<Signal>();
  const watching = new Set<(signal: Signal) => boolean>();
  const taps = new Map<string, Hub<TapBatch>>();
  return {
    send(signal) {
      hub.publish(signal);
      let delivered = 0;
      for (const wanted of watching) if (wanted(signal)) delivered++;
      return delivered;
    },
    watch(pipeline, componentId, abort) {
      // A signal to a pipeline as a whole reaches all who watch for any of its components.
      const wanted = (signal: Signal) =>
        (pipeline === "" || signal.pipeline === pipeline) &&
        (componentId === "" || signal.componentId === "" || signal.componentId === componentId);
      watching.add(wanted);
      abort.addEventListener("abort", () => watching.delete(wanted), { once: true });
      return hub.watch(abort, wanted);
    },
    openTap() {
      if (taps.size >= MAX_TAPS) return undefined;
      const id = randomUUID();
      const tap = createHub<TapBatch>();
      taps.set(id, tap);
      return {
        id,
        hub: tap,
        close() {
          taps.delete(id);
          tap.close();
        },
      };
    },
    pushTap(tapId, batch) {
      const tap = taps.get(tapId);
      tap?.publish(batch);
      return tap !== undefined;
    },
    close() {
      hub.close();
      for (const tap of taps.values()) tap.close();
    },
  };
}
