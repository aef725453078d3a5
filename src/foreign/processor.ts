/** A foreign processor in the graph: the events of a ledger go out, its answers come back as rows. */

import { createClient } from "@connectrpc/connect";
import { eventTypeByName } from "../events/registry.ts";
import type { Batch } from "../flow/batch.ts";
import { withGroups } from "../flow/batch.ts";
import type { ComponentContext, Processor } from "../flow/component.ts";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import { ProcessorService } from "../gen/proto/flowctl/v1/processor_pb.js";
import { FlowctlError } from "../spec/errors.ts";
import type { ReadCounts } from "./counters.ts";
import { findCounters } from "./counters.ts";
import { eventFailed, LinkLost, streamFailure } from "./faults.ts";
import { decodeEvent, groupRows } from "./incoming.ts";
import type { Link } from "./link.ts";
import { outgoingEvents } from "./outgoing.ts";
import { createPatience } from "./patience.ts";
import type { Peer } from "./peer.ts";
import { portionsOf } from "./portions.ts";
import { openProcessStream } from "./process-stream.ts";
import type { ProcessStream } from "./process-stream.ts";
import { throughRestarts } from "./restarts.ts";
import { createRequestStream } from "./request-stream.ts";

/** How a component is talked to, as long as one link to it lasts. */
interface Session {
  readonly link: Link;
  readonly readCounts: ReadCounts | undefined;
  readonly wanted: ReadonlySet<string>;
  stream: ProcessStream | undefined;
}

/** What is known of the events of one ledger, so that a retry sends only what has no answer. */
interface LedgerMemory {
  readonly key: string;
  readonly answers: Map<string, readonly Event[]>;
  readonly attempts: Map<string, number>;
}

export function foreignProcessor(context: ComponentContext, peer: Peer): Processor {
  const { spec } = context;
  const patience = createPatience();
  let session: Session | undefined;
  let memory: LedgerMemory = { key: "", answers: new Map(), attempts: new Map() };

  async function sessionOn(link: Link): Promise<Session> {
    if (session?.link === link) return session;
    const readCounts = await findCounters(link);
    session = { link, readCounts, wanted: wantedTypes(context, link), stream: undefined };
    return session;
  }

  async function answersTo(session: Session, events: readonly Event[]): Promise<Event[]> {
    const all: Event[] = [];
    if (session.readCounts === undefined) {
      for (const portion of portionsOf(events)) {
        all.push(...await wholeStream(context, session.link, portion));
      }
      return all;
    }
    for (const event of events) {
      const known = memory.answers.get(event.id);
      const answers = known ?? await answerTo(session, session.readCounts, event);
      memory.answers.set(event.id, answers);
      all.push(...answers);
    }
    return all;
  }

  async function answerTo(
    session: Session,
    readCounts: ReadCounts,
    event: Event,
  ): Promise<readonly Event[]> {
    const attempts = memory.attempts.get(event.id) ?? 0;
    const { max_retries } = spec.retry_policy;
    if (attempts > max_retries) throw counted(event, false);
    if (session.stream?.hasRoom(event) === false) {
      session.stream.close();
      session.stream = undefined;
    }
    session.stream ??= openProcessStream(spec, session.link, readCounts, patience);
    try {
      const outcome = await session.stream.call(event);
      if (outcome.kind === "answered") return [outcome.event];
      if (outcome.kind === "empty") return [];
    } catch (error) {
      session.stream.close();
      session.stream = undefined;
      throw error;
    }
    memory.attempts.set(event.id, attempts + 1);
    // The runner tries again what is retryable, and looks for the culprit among what is not.
    throw counted(event, attempts < max_retries);
  }

  const counted = (event: Event, retryable: boolean) =>
    eventFailed(spec, event, "it counted an error and gave no answer", { retryable });

  return {
    async process(batch) {
      const key = `${batch.source} ${batch.sequence}`;
      if (memory.key !== key) memory = { key, answers: new Map(), attempts: new Map() };
      return await throughRestarts({
        context,
        peer,
        batch,
        async call(link) {
          const now = await sessionOn(link);
          return batchOf(batch, await answersTo(now, [...outgoingEvents(batch, now.wanted)]));
        },
        onLost() {
          session = undefined;
          // What it held in memory is gone: it gets the whole ledger again.
          memory.answers.clear();
        },
      });
    },
    async close() {
      session?.stream?.close();
      await peer.close();
    },
  };
}

/** Types that the pipeline states, else those that the component states; empty: all. */
export function wantedTypes(context: ComponentContext, link: Link): ReadonlySet<string> {
  const stated = context.spec.input_event_types;
  const told = stated.length > 0 ? stated : link.info?.inputEventTypes ?? [];
  if (told.includes("*")) return new Set();
  return new Set(told.map((name) => eventTypeByName(name)?.name ?? name));
}

/**
 * For components without counters: a stream for a ledger (for each portion of a large one),
 * half-closed after its events. All that comes until the component ends the stream is its answer.
 */
async function wholeStream(
  context: ComponentContext,
  link: Link,
  events: readonly Event[],
): Promise<Event[]> {
  const requests = createRequestStream<Event>();
  for (const event of events) requests.push(event);
  requests.end();
  const sequence = events[0]?.stellarCursor?.ledgerSequence;
  const answers: Event[] = [];
  try {
    const client = createClient(ProcessorService, link.transport);
    for await (const answer of client.process(requests, { signal: link.lost })) {
      const told = answer.stellarCursor?.ledgerSequence ?? 0n;
      if (told !== 0n && told !== sequence) {
        throw new FlowctlError(
          "component/protocol",
          `${context.spec.id} answered ledger ${sequence} with ledger ${told}`,
        );
      }
      answers.push(answer);
    }
  } catch (error) {
    if (link.lost.aborted) throw new LinkLost("it ended");
    throw streamFailure(context.spec, error, events[0]);
  }
  return answers;
}

function batchOf(batch: Batch, answers: readonly Event[]): Batch {
  let bytes = 0;
  const decoded = answers.map((answer, index) => {
    bytes += answer.payload.length;
    return decodeEvent(answer, batch.sequence, `${batch.source}-${batch.sequence}-${index}`);
  });
  return withGroups(batch, groupRows(decoded), bytes);
}
