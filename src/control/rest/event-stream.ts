/**
 * Events as server-sent events (WHATWG HTML, section 9.2): first what was missed since the reader's
 * last event, then everything as it comes.
 *
 * An id here is `<unix ms>/<event id>`, so that any server on the store can go on from it. What
 * was missed is found by time: an event that was told late, for a time before the reader's last
 * one, is in lists but not in what a reader catches up on.
 */

import type { ControlPlane } from "../control-plane.ts";
import type { Watched } from "../hub.ts";
import type { EventRecord } from "../model.ts";
import type { EventFilter } from "../store/store.ts";
import { eventJson } from "./event-json.ts";

/** A comment this often keeps proxies from closing a silent connection. */
export const KEEP_ALIVE_MS = 15_000;
/** What a reader waits before it comes back. */
const RETRY_MS = 2_000;
/** Events that a reader may catch up on; the rest of what it missed is in lists. */
export const MAX_CATCH_UP = 1_000;

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
  const following = plane.events.watch(signal, matcher(filter));
  yield `retry: ${RETRY_MS}\n\n`;
  const missed = await missedOf(plane, filter, lastEventId);
  const sent = new Set(missed.map(({ id }) => id));
  for (const event of missed) yield text(event);
  for await (const watched of following as AsyncIterable<Watched<EventRecord>>) {
    if ("lagged" in watched) {
      yield "event: lagged\ndata: {}\n\n";
      return;
    }
    if (!sent.delete(watched.item.id)) yield text(watched.item);
  }
}

async function missedOf(
  plane: ControlPlane,
  filter: EventFilter,
  lastEventId: string,
): Promise<readonly EventRecord[]> {
  const [, at, id] = /^(\d{1,15})\/(.+)$/.exec(lastEventId) ?? [];
  if (at === undefined) {
    const wanted = filter.limit !== undefined || filter.since_ms !== undefined;
    return wanted ? await plane.store.listEvents({ limit: MAX_CATCH_UP, ...filter }) : [];
  }
  const since_ms = Number(at);
  const events = await plane.store.listEvents({ ...filter, since_ms, limit: MAX_CATCH_UP });
  const last = events.findIndex((event) => event.id === id);
  return events.slice(last + 1);
}

function text(event: EventRecord): string {
  const id = `${event.at_ms}/${event.id}`.replaceAll(/[\r\n\0]/g, " ");
  return `id: ${id}\ndata: ${JSON.stringify(eventJson(event))}\n\n`;
}

function matcher({ pipeline = "", kind = "" }: EventFilter): (event: EventRecord) => boolean {
  return (event) =>
    (pipeline === "" || event.pipeline === pipeline) &&
    (kind === "" || event.kind === kind || (kind.endsWith(".") && event.kind.startsWith(kind)));
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
