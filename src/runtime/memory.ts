/**
 * Keeps the process small where it passes much. A runtime collects garbage when there is much of
 * it, in step with the machine's memory and at whatever moment. Collected between two ledgers, when
 * their rows are garbage and the next ones are not there yet, nearly nothing has to be looked at.
 */

import process from "node:process";

/** Below this nobody minds, and the runtime's own way is as good. */
export const COLLECT_ABOVE_bytes = 224 * 1024 * 1024;
/** What becomes garbage between two collections, as rows are reckoned. */
export const COLLECT_AFTER_bytes = 12 * 1024 * 1024;
/** One collection in so many looks at everything, the others at what is new. */
export const WHOLE_EVERY = 3;
/** Collections take no more than one part in so many of the processor time. */
export const COLLECT_SHARE = 5;

/** Of this thread alone. */
export interface Collector {
  /** So many bytes of rows are garbage, or will be at once. */
  passed(bytes: number): void;
  /** Nobody holds rows: now is the moment to collect them, if it is due. */
  rest(): void;
}

/** How garbage of this thread is collected. */
export interface Collections {
  /** Only what has been made since the last collection of either kind. */
  ofNew(): void;
  ofAll(): void;
}

export interface CollectorOptions {
  /** Null where the runtime has none; default: its own, which only Bun has. */
  readonly collect?: Collections | null;
  /** Default: the memory of the process, with all its threads. */
  readonly resident_bytes?: () => number;
  /** Processor time used so far: other programs must not make a collection look long. */
  readonly worked_ms?: () => number;
}

export function createCollector({
  collect = runtimeCollections(),
  resident_bytes = () => process.memoryUsage.rss(),
  worked_ms = processorTime_ms,
}: CollectorOptions = {}): Collector {
  if (collect === null) return { passed() {}, rest() {} };
  let passed_bytes = 0;
  let notBefore_ms = 0;
  let count = 0;
  return {
    passed(bytes) {
      passed_bytes += bytes;
    },
    rest() {
      if (passed_bytes < COLLECT_AFTER_bytes) return;
      const start_ms = worked_ms();
      if (start_ms < notBefore_ms) return;
      passed_bytes = 0;
      if (resident_bytes() < COLLECT_ABOVE_bytes) return;
      count += 1;
      if (count % WHOLE_EVERY === 0) collect.ofAll();
      else collect.ofNew();
      const end_ms = worked_ms();
      notBefore_ms = end_ms + (COLLECT_SHARE - 1) * (end_ms - start_ms);
    },
  };
}

/** Unlike `Bun.gc`, these keep the memory of what is collected for what comes next. */
interface BunJsc {
  edenGC(): number;
  fullGC(): number;
}

function runtimeCollections(): Collections | null {
  // Undefined elsewhere.
  const jsc = process.getBuiltinModule?.("bun:jsc") as BunJsc | undefined;
  return jsc === undefined ? null : { ofNew: () => jsc.edenGC(), ofAll: () => jsc.fullGC() };
}

function processorTime_ms(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
