/**
 * A lane: one source's batches along one edge of the graph, bounded.
 *
 * An edge that carries several sources has a lane for each. With one queue for all of them, two
 * nodes that join the same two sources at unequal pace could each wait for the batch that stands
 * behind the other's; with lanes every source is a dataflow of its own, which cannot deadlock.
 */

import { FlowctlError } from "../spec/errors.ts";
import type { Batch } from "./batch.ts";

/** Batches that may wait in a lane. Enough to smooth uneven ledgers; more only costs memory. */
export const LANE_LIMIT_batches = 16;
/**
 * Bytes that may wait in a lane: a run holds several lanes of this, and the runtime lets garbage
 * grow to a multiple of what is held. A batch above it is large: it travels alone, and the next one
 * is not even begun before it has been taken, or, where the consumer keeps this thread busy, before
 * that has done with it. Its rows would be in memory beside those that wait.
 */
export const LANE_LIMIT_bytes = 4 * 1024 * 1024;

export interface Lane {
  readonly source: string;
  /** `from → to`, for messages. */
  readonly edge: string;
  /** Batches that wait. */
  size(): number;
  /**
   * Appends the batch; a promise when the producer has to wait for room, or for what becomes of a
   * large batch. One producer, which does not push again before that. Throws `flow/order` or
   * `flow/gap` when it is not the next ledger.
   */
  push(batch: Batch): Promise<void> | undefined;
  /** The next batch, or undefined after the last. One consumer, one call at a time. */
  take(): Promise<Batch | undefined> | Batch | undefined;
  /** No batch follows; those that wait can still be taken. */
  close(): void;
  /** Drops what waits; producer and consumer, waiting or to come, get the error. */
  abort(error: Error): void;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

export interface LaneOptions {
  /** Default `LANE_LIMIT_batches`. */
  readonly batches?: number;
  /** Default `LANE_LIMIT_bytes`. */
  readonly bytes?: number;
  /**
   * The consumer works on this thread and waits for nobody else, so that nothing is won by making
   * the next large batch meanwhile. Default false.
   */
  readonly busy?: boolean;
}

export function createLane(
  source: string,
  edge: string,
  { batches = LANE_LIMIT_batches, bytes: most_bytes = LANE_LIMIT_bytes, busy = false }:
    LaneOptions = {},
): Lane {
  const ring = new Array<Batch | undefined>(batches);
  let head = 0;
  let count = 0;
  let bytes = 0;
  let last: number | undefined;
  let closed = false;
  let aborted: Error | undefined;
  let producer: { readonly batch: Batch; readonly waiter: Waiter<void> } | undefined;
  let consumer: Waiter<Batch | undefined> | undefined;
  /** The producer of a large batch, which is the only one that waits or is being worked on. */
  let handing: Waiter<void> | undefined;

  const hasRoom = (batch: Batch) =>
    count === 0 || (count < batches && bytes + batch.bytes <= most_bytes);

  const isLarge = (batch: Batch) => batch.bytes > most_bytes;

  function checkOrder(batch: Batch): void {
    if (batch.source !== source) {
      throw new FlowctlError(
        "flow/order",
        `edge ${edge}: a batch of source ${batch.source} came where ${source} was due`,
      );
    }
    if (last !== undefined && batch.sequence !== last + 1) {
      throw batch.sequence <= last
        ? new FlowctlError(
          "flow/order",
          `edge ${edge}: ledger ${batch.sequence} of ${source} came after ledger ${last}`,
        )
        : new FlowctlError(
          "flow/gap",
          `edge ${edge}: after ledger ${last} of ${source} came ${batch.sequence}, ` +
            `so ${batch.sequence - last - 1} ledgers are missing`,
        );
    }
    last = batch.sequence;
  }

  function append(batch: Batch): void {
    ring[(head + count) % batches] = batch;
    count += 1;
    bytes += batch.bytes;
  }

  function removeFirst(): Batch | undefined {
    const batch = ring[head];
    if (count === 0 || batch === undefined) return undefined;
    ring[head] = undefined;
    head = (head + 1) % batches;
    count -= 1;
    bytes -= batch.bytes;
    if (!busy) endHanding();
    return batch;
  }

  function endHanding(): void {
    handing?.resolve();
    handing = undefined;
  }

  const handedOver = () =>
    new Promise<void>((resolve, reject) => {
      handing = { resolve, reject };
    });

  function admitWaitingProducer(): void {
    if (producer === undefined || !hasRoom(producer.batch)) return;
    const { batch, waiter } = producer;
    producer = undefined;
    append(batch);
    if (isLarge(batch)) handing = waiter;
    else waiter.resolve();
  }

  return {
    source,
    edge,
    size: () => count,

    push(batch) {
      if (aborted !== undefined) throw aborted;
      checkOrder(batch);
      if (consumer !== undefined) {
        const waiting = consumer;
        consumer = undefined;
        waiting.resolve(batch);
        return busy && isLarge(batch) ? handedOver() : undefined;
      }
      if (hasRoom(batch)) {
        append(batch);
        return isLarge(batch) ? handedOver() : undefined;
      }
      return new Promise((resolve, reject) => {
        producer = { batch, waiter: { resolve, reject } };
      });
    },

    take() {
      if (aborted !== undefined) throw aborted;
      // It has done with the one before.
      if (busy && count === 0) endHanding();
      const batch = removeFirst();
      if (batch !== undefined) {
        admitWaitingProducer();
        return batch;
      }
      if (closed) return undefined;
      return new Promise((resolve, reject) => {
        consumer = { resolve, reject };
      });
    },

    close() {
      closed = true;
      consumer?.resolve(undefined);
      consumer = undefined;
    },

    abort(error) {
      aborted ??= error;
      ring.fill(undefined);
      count = 0;
      bytes = 0;
      producer?.waiter.reject(error);
      consumer?.reject(error);
      handing?.reject(error);
      producer = undefined;
      handing = undefined;
      consumer = undefined;
    },
  };
}
