/**
 * Keeps the process small where it passes much: a runtime lets garbage grow in step with the
 * machine's memory, which may be far more than a pipeline is meant to have.
 */

import process from "node:process";

/** Below this nobody minds. */
export const COLLECT_ABOVE_bytes = 336 * 1024 * 1024;
/** How often memory is looked at: each time rows of so many bytes have passed. */
export const LOOK_AFTER_bytes = 24 * 1024 * 1024;
/** Collections take no more than one part in so many of the processor time. */
export const COLLECT_SHARE = 10;

export interface Collector {
  /** So many bytes of rows are garbage now; may collect it, of this thread alone. */
  passed(bytes: number): void;
}

export interface CollectorOptions {
  /** Null where the runtime has none; default: its own, which only Bun has. */
  readonly collect?: (() => void) | null;
  /** Default: the memory of the process, with all its threads. */
  readonly resident_bytes?: () => number;
  /** Processor time used so far: other programs must not make a collection look long. */
  readonly worked_ms?: () => number;
}

export function createCollector({
  collect = runtimeCollect(),
  resident_bytes = () => process.memoryUsage.rss(),
  worked_ms = processorTime_ms,
}: CollectorOptions = {}): Collector {
  if (collect === null) return { passed() {} };
  let passed_bytes = 0;
  let notBefore_ms = 0;
  return {
    passed(bytes) {
      passed_bytes += bytes;
      if (passed_bytes < LOOK_AFTER_bytes) return;
      passed_bytes = 0;
      const start_ms = worked_ms();
      if (start_ms < notBefore_ms || resident_bytes() < COLLECT_ABOVE_bytes) return;
      collect();
      const end_ms = worked_ms();
      notBefore_ms = end_ms + (COLLECT_SHARE - 1) * (end_ms - start_ms);
    },
  };
}

function runtimeCollect(): (() => void) | null {
  const { Bun: bun } = globalThis as { Bun?: { gc?: (wait: boolean) => void } };
  const gc = bun?.gc;
  return gc === undefined ? null : () => gc(true);
}

function processorTime_ms(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
