/** A source in the graph: read with retries, checked, until its range ends or the run stops. */

import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import type { Batch } from "./batch.ts";
import { componentError } from "./component-error.ts";
import type { LedgerRange, Source } from "./component.ts";
import type { Counters } from "./counters.ts";
import type { FaultPolicy } from "./on-error.ts";

export interface SourceNode {
  /** Emits every batch of the range, one after the other. True: the range ended by itself. */
  run(emit: (batch: Batch) => Promise<void>): Promise<boolean>;
}

export interface SourceNodeOptions {
  readonly spec: ComponentSpec;
  readonly source: Source;
  readonly range: LedgerRange;
  readonly counters: Counters;
  readonly faults: FaultPolicy;
  /** Fires: no further batch is wanted. */
  readonly stopped: AbortSignal;
}

const STOPPED = Symbol("stopped");

export function createSourceNode(options: SourceNodeOptions): SourceNode {
  const { spec, source, range, counters, faults, stopped } = options;
  const orStop = createOrStop(stopped);
  let iterator: AsyncIterator<Batch> | undefined;
  let next = range.from;

  /** After a failure it reads anew from the ledger that is due. */
  async function pull(): Promise<IteratorResult<Batch> | typeof STOPPED> {
    const start = performance.now();
    try {
      return await faults.attempt(async () => {
        iterator ??= source.read({ ...range, from: next })[Symbol.asyncIterator]();
        try {
          return await orStop(iterator.next());
        } catch (error) {
          iterator = undefined;
          throw error;
        }
      });
    } catch (error) {
      if (stopped.aborted) return STOPPED;
      counters.failed();
      const at = next === undefined ? undefined : { source: spec.id, sequence: next };
      throw componentError(spec, error, at);
    } finally {
      counters.busy(performance.now() - start);
    }
  }

  function check(batch: Batch): void {
    if (batch.source !== spec.id) {
      throw new FlowctlError(
        "flow/order",
        `source ${spec.id} gave a batch of source ${batch.source}`,
      );
    }
    if (next === undefined || batch.sequence === next) return;
    throw batch.sequence < next
      ? new FlowctlError(
        "flow/order",
        `source ${spec.id} gave ledger ${batch.sequence}, not ${next}`,
      )
      : new FlowctlError(
        "flow/gap",
        `source ${spec.id} left out ledger ${next}: ${batch.sequence} came instead`,
      );
  }

  function checkEnd(): void {
    if (range.to === undefined || next === undefined || next > range.to) return;
    throw new FlowctlError("flow/gap", `source ${spec.id} ended before ledger ${next}`, {
      hint: `The range goes on to ledger ${range.to}: set end_ledger or --to to what there is.`,
    });
  }

  return {
    async run(emit) {
      try {
        while (!stopped.aborted) {
          const result = await pull();
          if (result === STOPPED) return false;
          if (result.done === true) {
            checkEnd();
            return true;
          }
          check(result.value);
          next = result.value.sequence + 1;
          counters.finished(undefined, result.value);
          await emit(result.value);
        }
        return false;
      } finally {
        // Not awaited: a generator that hangs in `next` would answer only after that.
        iterator?.return?.().catch(() => undefined);
      }
    },
  };
}

/**
 * Waits for a promise, or for the signal. With `Promise.race` the signal's promise would keep a
 * reaction for every batch of the run.
 */
function createOrStop(
  signal: AbortSignal,
): <T>(promise: Promise<T>) => Promise<T | typeof STOPPED> {
  let release: (() => void) | undefined;
  signal.addEventListener("abort", () => release?.());
  return (promise) =>
    new Promise((resolve, reject) => {
      release = () => resolve(STOPPED);
      if (signal.aborted) release();
      promise.then(resolve, reject);
    });
}
