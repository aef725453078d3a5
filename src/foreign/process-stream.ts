/**
 * One Process stream with one event in flight, read by the component's counters.
 *
 * A component of the Go SDK handles each event in a goroutine, answers nothing for an event that it
 * filters or fails, and loses what it still works on when the stream is half-closed. Its counters
 * tell these apart: `processed` grows first, then `failed`, or nothing (filtered), or `succeeded`,
 * after which the answer is sent.
 */

import { createClient } from "@connectrpc/connect";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import { ProcessorService } from "../gen/proto/flowctl/v1/processor_pb.js";
import type { ComponentSpec } from "../spec/pipeline.ts";
import { FlowctlError } from "../spec/errors.ts";
import type { Counts, ReadCounts } from "./counters.ts";
import { LinkLost, streamFailure } from "./faults.ts";
import type { Link } from "./link.ts";
import type { Patience } from "./patience.ts";
import { hasRoom, sizeOf } from "./portions.ts";
import { createRequestStream } from "./request-stream.ts";

/** Pauses between reads of the counters while an answer is awaited; the last repeats. */
const POLL_ms = [1, 2, 4, 8, 16, 25] as const;
/**
 * Once `processed` has grown alone: reads after which the event counts as filtered. The reads are
 * answered by the process itself, so one that is starved of CPU is not misjudged.
 */
export const QUIET_READS = 5;
/** Nothing can be read of a component for so long: the connection is taken for dead. */
export const SILENCE_LIMIT_ms = 30_000;

export type Outcome =
  | { readonly kind: "answered"; readonly event: Event }
  | { readonly kind: "empty" }
  | { readonly kind: "failed" };

export interface ProcessStream {
  /** False: this event belongs on a new stream. */
  hasRoom(event: Event): boolean;
  /** Sends one event and waits for what becomes of it. Throws LinkLost or a FlowctlError. */
  call(event: Event): Promise<Outcome>;
  /** Nothing is in flight: half-close. */
  close(): void;
}

export function openProcessStream(
  spec: ComponentSpec,
  link: Link,
  readCounts: ReadCounts,
  patience: Patience,
): ProcessStream {
  const requests = createRequestStream<Event>();
  const answers = createClient(ProcessorService, link.transport)
    .process(requests, { signal: link.lost });
  const answered: Event[] = [];
  let broken: FlowctlError | LinkLost | undefined;
  let inFlight: Event | undefined;
  let notify = () => {};
  let sent_bytes = 0;

  const reading = async () => {
    try {
      for await (const event of answers) {
        answered.push(event);
        notify();
      }
      broken = new LinkLost("the component ended the stream");
    } catch (error) {
      broken = streamFailure(spec, link.lost.aborted ? new LinkLost("it ended") : error, inFlight);
    }
    notify();
  };
  void reading();

  /** Resolves true when there is an answer or the stream broke, false after the pause. */
  function news(pause_ms: number | undefined): Promise<boolean> {
    if (answered.length > 0 || broken !== undefined) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = pause_ms === undefined ? undefined : setTimeout(() => resolve(false), pause_ms);
      notify = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  function take(sequence: bigint | undefined): Event | undefined {
    const answer = answered.shift();
    if (answer === undefined) {
      if (broken !== undefined) throw broken;
      return undefined;
    }
    const told = answer.stellarCursor?.ledgerSequence;
    if (told === undefined || told === 0n || told === sequence) return answer;
    throw unfit(spec, answer, sequence);
  }

  async function baseline(): Promise<Counts> {
    const limit = performance.now() + SILENCE_LIMIT_ms;
    for (;;) {
      const counts = await readCounts();
      if (counts !== undefined) return counts;
      if (broken !== undefined) throw broken;
      if (performance.now() > limit) throw new LinkLost("its counters cannot be read");
      await news(POLL_ms.at(-1));
    }
  }

  return {
    hasRoom: (event) => hasRoom(sent_bytes, event),
    async call(event) {
      const sequence = event.stellarCursor?.ledgerSequence;
      const before = await baseline();
      // What came since the last event was settled belongs to a ledger that has been passed on.
      const late = answered[0];
      if (late !== undefined) throw unfit(spec, late, sequence);
      inFlight = event;
      requests.push(event);
      sent_bytes += sizeOf(event);
      let quietSince: number | undefined;
      let quietReads = 0;
      let readAt = performance.now();
      for (let polls = 0;; polls += 1) {
        await news(POLL_ms[Math.min(polls, POLL_ms.length - 1)]);
        const answer = take(sequence);
        if (answer !== undefined) {
          patience.came(since(quietSince));
          return { kind: "answered", event: answer };
        }
        const now = await readCounts();
        if (now === undefined) {
          if (performance.now() - readAt > SILENCE_LIMIT_ms) {
            throw new LinkLost("its counters cannot be read");
          }
          continue;
        }
        readAt = performance.now();
        if (now.failed > before.failed) {
          patience.came(since(quietSince));
          return { kind: "failed" };
        }
        if (now.succeeded > before.succeeded) {
          // Its answer is on the way; only the end of the stream can keep it from coming.
          await news(undefined);
          const due = take(sequence);
          if (due === undefined) continue;
          patience.came(since(quietSince));
          return { kind: "answered", event: due };
        }
        if (now.processed <= before.processed) continue;
        quietSince ??= readAt;
        quietReads += 1;
        const quiet = readAt - quietSince >= patience.quiet_ms();
        if (quietReads >= QUIET_READS && quiet && answered.length === 0) {
          patience.empty();
          return { kind: "empty" };
        }
      }
    },
    close: () => requests.end(),
  };
}

function since(instant: number | undefined): number {
  return instant === undefined ? 0 : performance.now() - instant;
}

function unfit(spec: ComponentSpec, answer: Event, sequence: bigint | undefined): FlowctlError {
  const told = answer.stellarCursor?.ledgerSequence;
  return new FlowctlError(
    "component/protocol",
    `${spec.id} sent event ${answer.id} of ledger ${told ?? "unknown"} while ledger ` +
      `${sequence ?? "unknown"} was its turn`,
    {
      hint: "A component that counts what it processed answers each event once, with its cursor; " +
        "and nobody else may send to the same process.",
    },
  );
}
