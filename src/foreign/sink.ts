/**
 * A foreign consumer in the graph. What it does with an event cannot be undone, so it gets each at
 * least once, with an id that never changes; the checkpoint follows only what it has counted as
 * done.
 */

import { createClient } from "@connectrpc/connect";
import type { Batch, Json } from "../flow/batch.ts";
import type { Sink, SinkContext } from "../flow/component.ts";
import { sleep } from "../flow/retry.ts";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import type { ConsumeResponse } from "../gen/proto/flowctl/v1/consumer_pb.js";
import { ConsumerService } from "../gen/proto/flowctl/v1/consumer_pb.js";
import { FlowctlError } from "../spec/errors.ts";
import type { Counts, ReadCounts } from "./counters.ts";
import { findCounters } from "./counters.ts";
import { eventFailed, LinkLost, streamFailure } from "./faults.ts";
import type { Link } from "./link.ts";
import { outgoingEvents } from "./outgoing.ts";
import type { Peer } from "./peer.ts";
import { portionsOf, sizeOf, STREAM_LIMIT_bytes } from "./portions.ts";
import { SILENCE_LIMIT_ms } from "./process-stream.ts";
import { wantedTypes } from "./processor.ts";
import type { RequestStream } from "./request-stream.ts";
import { createRequestStream } from "./request-stream.ts";
import { throughRestarts } from "./restarts.ts";

const POLL_ms = [1, 2, 4, 8, 16, 25] as const;

interface ConsumeStream {
  readonly requests: RequestStream<Event>;
  readonly response: Promise<ConsumeResponse>;
  broken: FlowctlError | LinkLost | undefined;
  sent_bytes: number;
}

interface Session {
  readonly link: Link;
  readonly readCounts: ReadCounts | undefined;
  readonly wanted: ReadonlySet<string>;
  stream: ConsumeStream | undefined;
  /** As last read, when all that was sent had been counted; undefined: to be read. */
  settled: Counts | undefined;
}

function fits({ sent_bytes }: ConsumeStream, events: readonly Event[]): boolean {
  const bytes = events.reduce((sum, event) => sum + sizeOf(event), sent_bytes);
  return sent_bytes === 0 || bytes <= STREAM_LIMIT_bytes;
}

export function foreignSink(context: SinkContext, openPeer: () => Promise<Peer>): Sink {
  const { spec, checkpoint } = context;
  const positions = new Map<string, number>();
  let peer: Peer | undefined;
  let session: Session | undefined;
  /** Ids of events of the ledger at hand that failed, with the attempts made. */
  let attempts = new Map<string, number>();
  let attemptsOf = "";

  async function sessionOn(link: Link): Promise<Session> {
    if (session?.link === link) return session;
    const readCounts = await findCounters(link);
    session = {
      link,
      readCounts,
      wanted: wantedTypes(context, link),
      stream: undefined,
      settled: undefined,
    };
    return session;
  }

  /** With counters one stream lasts; it is half-closed only when everything sent has been done. */
  async function deliver(session: Session, events: readonly Event[]): Promise<void> {
    const { readCounts } = session;
    if (readCounts === undefined) {
      for (const portion of portionsOf(events)) await deliverWhole(session, portion);
      return;
    }
    const exhausted = events.find((event) =>
      (attempts.get(event.id) ?? 0) > spec.retry_policy.max_retries
    );
    if (exhausted !== undefined) throw failed(exhausted, false);
    // After a failure one by one, so that the counters say which event it is.
    if (attempts.size === 0 && await deliverCounted(session, readCounts, events) === 0) return;
    for (const event of events) {
      if (await deliverCounted(session, readCounts, [event]) === 0) continue;
      const made = (attempts.get(event.id) ?? 0) + 1;
      attempts.set(event.id, made);
      throw failed(event, made <= spec.retry_policy.max_retries);
    }
  }

  const failed = (event: Event, retryable: boolean) =>
    eventFailed(spec, event, "it counted an error", { retryable });

  /** Resolves to how many of them failed. */
  async function deliverCounted(
    session: Session,
    readCounts: ReadCounts,
    events: readonly Event[],
  ): Promise<number> {
    let failures = 0;
    for (const portion of portionsOf(events)) {
      failures += await deliverPortion(session, readCounts, portion);
    }
    return failures;
  }

  async function deliverPortion(
    session: Session,
    readCounts: ReadCounts,
    events: readonly Event[],
  ): Promise<number> {
    if (session.stream !== undefined && !fits(session.stream, events)) {
      session.stream.requests.end();
      session.stream = undefined;
    }
    if (session.stream?.broken !== undefined) session.stream = undefined;
    const stream = session.stream ??= openConsume(session.link, events[0]);
    if (stream.broken !== undefined) throw stream.broken;
    const before = session.settled ?? await countsOf(stream, readCounts);
    session.settled = undefined;
    for (const event of events) {
      stream.requests.push(event);
      stream.sent_bytes += sizeOf(event);
    }
    for (let polls = 0;; polls += 1) {
      await sleep(POLL_ms[Math.min(polls, POLL_ms.length - 1)] ?? 25, session.link.lost);
      const now = await countsOf(stream, readCounts);
      const failures = now.failed - before.failed;
      const done = now.succeeded - before.succeeded + failures;
      if (done < events.length) continue;
      if (done === events.length) session.settled = now;
      return failures;
    }
  }

  async function countsOf(stream: ConsumeStream, readCounts: ReadCounts): Promise<Counts> {
    const limit = performance.now() + SILENCE_LIMIT_ms;
    for (;;) {
      if (stream.broken !== undefined) throw stream.broken;
      const counts = await readCounts();
      if (counts !== undefined) return counts;
      if (performance.now() > limit) throw new LinkLost("its counters cannot be read");
      await sleep(POLL_ms.at(-1) ?? 25, context.signal);
      if (context.signal.aborted) throw new LinkLost("the run ends");
    }
  }

  function openConsume(link: Link, first: Event | undefined): ConsumeStream {
    const requests = createRequestStream<Event>();
    const response = createClient(ConsumerService, link.transport)
      .consume(requests, { signal: link.lost });
    const stream: ConsumeStream = { requests, response, broken: undefined, sent_bytes: 0 };
    response.then(
      () => stream.broken = new LinkLost("the component ended the stream"),
      (error: unknown) => {
        stream.broken = link.lost.aborted
          ? new LinkLost("it ended")
          : streamFailure(spec, error, first);
      },
    );
    return stream;
  }

  /** Without counters: a stream per portion, whose response says what became of its events. */
  async function deliverWhole(session: Session, events: readonly Event[]): Promise<void> {
    if (events.length === 0) return;
    const stream = openConsume(session.link, events[0]);
    for (const event of events) stream.requests.push(event);
    stream.requests.end();
    let response: ConsumeResponse;
    try {
      response = await stream.response;
    } catch (error) {
      throw stream.broken ?? error;
    }
    if (response.eventsFailed > 0n) {
      const why = response.errors[0] ?? `${response.eventsFailed} events failed`;
      throw eventFailed(spec, events.length === 1 ? events[0] : undefined, why, {
        retryable: false,
      });
    }
    if (response.eventsConsumed >= BigInt(events.length)) return;
    throw eventFailed(
      spec,
      undefined,
      `it took ${response.eventsConsumed} of the ${events.length} events of the ledger`,
      { retryable: true },
    );
  }

  return {
    async open() {
      const saved = context.reset ? undefined : checkpoint.load();
      for (const [source, sequence] of saved?.positions ?? []) positions.set(source, sequence);
      peer = await openPeer();
      return new Map(positions);
    },

    async write(batch: Batch) {
      if (peer === undefined) throw new Error("write before open");
      const key = `${batch.source} ${batch.sequence}`;
      if (attemptsOf !== key) attempts = new Map();
      attemptsOf = key;
      await throughRestarts({
        context,
        peer,
        batch,
        async call(link) {
          const now = await sessionOn(link);
          const events = [...outgoingEvents(batch, now.wanted)];
          if (events.length > 0) await deliver(now, events);
        },
        onLost: () => session = undefined,
      });
      positions.set(batch.source, batch.sequence);
    },

    /** Everything written has been done by then: `write` waits for it. */
    commit() {
      const extra: Json = {};
      checkpoint.save({ positions: new Map(positions), extra });
      return Promise.resolve(new Map(positions));
    },

    async close() {
      session?.stream?.requests.end();
      await peer?.close();
    },
  };
}
