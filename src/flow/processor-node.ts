/** A processor in the graph: one batch at a time, whatever the number of its sources. */

import { FlowctlError } from "../spec/errors.ts";
import type { ComponentSpec } from "../spec/pipeline.ts";
import type { Batch, Hollow, MadeLedger, NodeFacts } from "./batch.ts";
import { countRows, filled, hollowBatch, withGroups } from "./batch.ts";
import type { Positions, Processor, TwoSteps } from "./component.ts";
import type { Counters } from "./counters.ts";
import type { Failure } from "./dead-letters.ts";
import { createMutex } from "./mutex.ts";
import { isAboutEvents } from "./on-error.ts";
import type { FaultPolicy } from "./on-error.ts";
import { AttemptsExhausted } from "./retry.ts";
import { onlyTypes, selectRows, sliceRows } from "./rows.ts";
import { SNAPSHOT_INTERVAL_ledgers } from "./snapshots.ts";
import type { Snapshots } from "./snapshots.ts";
import { groupsByName, withSettled } from "./two-steps.ts";

export interface ProcessorNode {
  /** Calls that may be open at a time; they resolve in the order in which they were made. */
  readonly width: number;
  process(batch: Batch): Promise<Batch>;
  /** Stores the state that it has now, so that the next run need not read back. */
  saveSnapshot(): void;
}

export interface ProcessorNodeOptions {
  readonly spec: ComponentSpec;
  readonly processor: Processor;
  readonly counters: Counters;
  readonly faults: FaultPolicy;
  readonly snapshots: Snapshots;
  /** Last sequence per source that its state includes. */
  readonly positions: Positions;
  /** True when there is a snapshot of that already. */
  readonly restored: boolean;
  /** Below which no restart will read, for pruning snapshots. */
  restartFloor(): Positions;
}

export function createProcessorNode(options: ProcessorNodeOptions): ProcessorNode {
  const { spec, processor, counters, faults, snapshots } = options;
  const mutex = createMutex();
  const width = processor.snapshot === undefined ? processor.width ?? 1 : 1;
  let last: Promise<unknown> = Promise.resolve();
  const types = new Set(spec.input_event_types);
  const positions = new Map(options.positions);
  let unsaved = !options.restored && positions.size > 0;

  async function call(batch: Batch): Promise<Batch> {
    const result = await faults.attempt(() => processor.process(batch));
    if (result.source === batch.source && result.sequence === batch.sequence) {
      if (result.setAside === undefined) return result;
      faults.setAside(batch, result.setAside);
      return withGroups(result, result.groups);
    }
    throw new FlowctlError(
      "flow/order",
      `processor ${spec.id} answered ledger ${batch.sequence} of ${batch.source} with ` +
        `ledger ${result.sequence} of ${result.source}`,
    );
  }

  async function handle(input: Batch): Promise<Batch> {
    const batch = faults.withoutDead(input);
    if (batch !== input && countRows(batch) === 0) return batch;
    try {
      return await call(batch);
    } catch (error) {
      if (error instanceof FlowctlError) throw error;
      return await withoutCulprits(batch, faults.tolerate(batch, error));
    }
  }

  /** The result of the rest; what fails is given up first, so that no checkpoint passes it. */
  async function withoutCulprits(batch: Batch, failure: Failure): Promise<Batch> {
    const culprits = await findCulprits(batch, failure);
    const rest = selectRows(batch, (_group, _row, index) => !culprits.has(index));
    if (culprits.size === 0) {
      faults.giveUp(batch, () => failure);
      return withGroups(batch, [], 0);
    }
    const failures = [...culprits].sort(([a], [b]) => a - b).map(([, each]) => each);
    const failing = selectRows(batch, (_group, _row, index) => culprits.has(index));
    faults.giveUp(failing, (index) => failures[index] ?? failure);
    if (countRows(rest) === 0) return rest;
    try {
      return await call(rest);
    } catch (error) {
      if (error instanceof FlowctlError) throw error;
      const last = faults.tolerate(rest, error);
      faults.giveUp(rest, () => last);
      return withGroups(batch, [], 0);
    }
  }

  /** The rows that fail by themselves, by index, found by halving. Results are not used. */
  async function findCulprits(
    batch: Batch,
    failure: Failure,
  ): Promise<ReadonlyMap<number, Failure>> {
    const culprits = new Map<number, Failure>();
    // A try would change the state of a stateful processor.
    if (processor.snapshot !== undefined || !isAboutEvents(failure.error)) return culprits;

    async function search(from: number, to: number, known: Failure): Promise<void> {
      if (to - from === 1) {
        culprits.set(from, known);
        return;
      }
      const middle = Math.floor((from + to) / 2);
      for (const [start, end] of [[from, middle], [middle, to]] as const) {
        const found = await failureOf(sliceRows(batch, start, end));
        if (found !== undefined) await search(start, end, found);
      }
    }
    await search(0, countRows(batch), failure);
    return culprits;
  }

  async function failureOf(batch: Batch): Promise<Failure | undefined> {
    try {
      await faults.attempt(() => processor.process(batch));
      return undefined;
    } catch (error) {
      return error instanceof AttemptsExhausted ? error : { error, attempts: 1 };
    }
  }

  function saveSnapshot(): void {
    if (!unsaved || processor.snapshot === undefined) return;
    snapshots.save(spec.id, positions, processor.snapshot());
    snapshots.prune(spec.id, options.restartFloor());
    unsaved = false;
  }

  /**
   * Begins at once: the processor itself takes `width` at a time, without state between them. It
   * counts when those before it have counted.
   */
  function processAhead(batch: Batch): Promise<Batch> {
    const before = last;
    const result = (async () => {
      const input = onlyTypes(await filled(batch), types);
      const start = performance.now();
      const output = await handle(input);
      const busy_ms = performance.now() - start;
      await before;
      counters.busy(busy_ms / width);
      counters.finished(input, output);
      return output;
    })();
    last = result.catch(() => undefined);
    return result;
  }

  async function processHere(batch: Batch): Promise<Batch> {
    const input = onlyTypes(await filled(batch), types);
    const start = performance.now();
    const output = await handle(input);
    counters.busy(performance.now() - start);
    counters.finished(input, output);
    return output;
  }

  /** A worker thread has done it; its rows are made again if somebody wants to see them. */
  function takeOver(batch: Batch, { made }: Hollow, facts: NodeFacts): Batch {
    const { steps } = processor;
    const settled = steps === undefined ? undefined : settleHere(steps, batch, made);
    const events_out = facts.events_out + (settled === undefined ? 0 : countRows(settled));
    counters.tookOver(batch.sequence, { ...facts, events_out });
    const again = async () => {
      const input = onlyTypes(await filled(batch), types);
      if (steps === undefined || settled === undefined) return await handle(input);
      return withSettled(await steps.prepare(input), settled);
    };
    return hollowBatch(batch, {
      bytes: facts.bytes_out + (settled?.bytes ?? 0),
      events: events_out,
      made,
      settled,
      fill: () => mutex.run(again),
    });
  }

  function settleHere(steps: TwoSteps, batch: Batch, { unsettled }: MadeLedger): Batch {
    const start = performance.now();
    const settled = steps.settle(withGroups(batch, groupsByName(unsettled[spec.id] ?? []), 0));
    counters.busy(performance.now() - start);
    return settled;
  }

  return {
    width,
    process: width > 1 ? processAhead : (batch) =>
      mutex.run(async () => {
        const facts = faults.mayHaveDead(batch) ? undefined : batch.hollow?.made.nodes[spec.id];
        const output = batch.hollow === undefined || facts === undefined
          ? await processHere(batch)
          : takeOver(batch, batch.hollow, facts);
        positions.set(batch.source, batch.sequence);
        unsaved = true;
        if (batch.sequence % SNAPSHOT_INTERVAL_ledgers === 0) saveSnapshot();
        return output;
      }),
    saveSnapshot,
  };
}
