/** What a worker thread runs: segments of a pipeline, a job at a time, of one run after another. */

import { createCollector } from "../../runtime/memory.ts";
import { messageOf } from "../../spec/errors.ts";
import type { ComponentDefinition } from "../component.ts";
import type {
  JobMessage,
  JobResult,
  LedgerResult,
  StartMessage,
  ThreadMessage,
} from "./messages.ts";
import { createSegments } from "./segment.ts";
import type { Segment, SegmentResult } from "./segment.ts";
import { buffersOf } from "./transfer.ts";

/** The other end of a `Thread`. */
export interface ThreadPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
}

export function serveSegments(port: ThreadPort, catalogue: readonly ComponentDefinition[]): void {
  const collector = createCollector();
  let segments: ReadonlyMap<string, Segment> | undefined;
  const say = (message: ThreadMessage, transfer: readonly ArrayBuffer[] = []) =>
    port.post(message, transfer);

  async function start(message: StartMessage): Promise<void> {
    try {
      segments = await createSegments(message, catalogue);
      say({ kind: "ready" });
    } catch (error) {
      say({ kind: "failed", reason: messageOf(error) });
    }
  }

  async function work({ id, source, packed }: JobMessage): Promise<void> {
    const { ledgers, read } = await segments?.get(source)?.run(packed) ?? NOTHING;
    const result: JobResult = { packed, ledgers };
    const bytes = madeBytes(ledgers);
    say({ kind: "done", id, result }, buffersOf(result));
    for (const buffer of read) giveBack(buffer);
    collector.passed(bytes);
    collector.rest();
  }

  let last = Promise.resolve();
  port.onMessage((message) => {
    const next = message as StartMessage | JobMessage;
    last = last.then(() => "plan" in next ? start(next) : work(next));
  });
}

const NOTHING: SegmentResult = { ledgers: [], read: new Set() };

/**
 * For the next ledger at once, and not after the next collection: it is the largest piece that a
 * ledger needs, and a third of a run's page faults were for it. What went to the main thread is
 * none of this thread's any more, and is left alone.
 */
function giveBack(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** The ledgers, and the rows of which only what is encoded leaves this thread. */
function madeBytes(ledgers: readonly LedgerResult[]): number {
  let sum_bytes = 0;
  for (const { bytes, made } of ledgers) {
    sum_bytes += bytes;
    for (const { bytes_out } of Object.values(made?.nodes ?? {})) sum_bytes += bytes_out;
  }
  return sum_bytes;
}
