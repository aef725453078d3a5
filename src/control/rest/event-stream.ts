/**
 * Events as server-sent events (WHATWG HTML, section 9.2): first what was missed since the reader's
 * last event, then everything as it comes.
 *
 * An id here is the event's place in the order of telling, so that any server on the store can go
 * on from it, and an event that was told late, for a time before the reader's last one, comes too.
 */

import type { ControlPlane } from "../control-plane.ts";
import { eventMatcher, eventsAfter } from "../events-after.ts";
import type { Watched } from "../hub.ts";
import type { ToldEvent } from "../model.ts";
import type { EventFilter } from "../store/store.ts";
import { eventJson } from "./event-json.ts";

/** A comment this often keeps proxies from closing a silent connection. */
export const KEEP_ALIVE_MS = 15_000;
/** What a reader waits before it comes back. */
const RETRY_MS = 2_000;
/** Events that a new reader begins with, when it asks for some without saying how many. */
const MAX_LISTED = 1_000;

export interface EventStreamOptions {
  readonly filter: EventFilter;
  /** Empty: from now on, after the `limit` of the filter where it has one. */
  readonly lastEventId: string;
  readonly signal: AbortSignal;
  /** Called once, however it ends. */
  readonly ended: () => void;
}

export function eventStream(
  plane: ControlPlane,
  options: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const texts = withKeepAlive(told(plane, options, signal), KEEP_ALIVE_MS);
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    over.abort();
    options.ended();
  };
  options.signal.addEventListener("abort", end, { once: true });
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await texts.next();
      if (next.done !== true) return controller.enqueue(encoder.encode(next.value));
      end();
      controller.close();
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

async function* told(
  plane: ControlPlane,
  { filter, lastEventId }: EventStreamOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  // It watches before it lists: nothing falls between the two.
  const following = plane.events.watch(signal, eventMatcher(filter));
  yield `retry: ${RETRY_MS}\n\n`;
  let last = 0;
  for await (const event of missedOf(plane, filter, lastEventId)) {
    last = Math.max(last, event.sequence);
    yield text(event);
  }
  for await (const watched of following as AsyncIterable<Watched<ToldEvent>>) {
    if ("lagged" in watched) {
      yield "event: lagged\ndata: {}\n\n";
      return;
    }
    if (watched.item.sequence > last) yield text(watched.item);
  }
}

async function* missedOf(
  plane: ControlPlane,
  filter: EventFilter,
  lastEventId: string,
): AsyncGenerator<ToldEvent> {
  if (/^\d{1,15}$/.test(lastEventId)) {
    yield* eventsAfter(plane.store, filter, Number(lastEventId));
  } else if (filter.limit !== undefined || filter.since_ms !== undefined) {
    yield* await plane.store.listEvents({ limit: MAX_LISTED, ...filter });
  }
}

function text(event: ToldEvent): string {
  return `id: ${event.sequence}\ndata: ${JSON.stringify(eventJson(event))}\n\n`;
}

async function* withKeepAlive(
  texts: AsyncGenerator<string>,
  interval_ms: number,
): AsyncGenerator<string> {
  let next = texts.next();
  while (true) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), interval_ms);
    });
    const first = await Promise.race([next, silence]);
    clearTimeout(timer);
    if (first === undefined) {
      yield ":\n\n";
    } else if (first.done === true) {
      return;
    } else {
      next = texts.next();
      yield first.value;
    }
  }
}
