/** Which events a reader wants, and those that it missed, in the order in which they were told. */

import type { EventRecord, ToldEvent } from "./model.ts";
import type { ControlStore, EventFilter } from "./store/store.ts";

/** Events that are read from the store at once. */
const PAGE_EVENTS = 500;

export function eventMatcher(
  { pipeline = "", kind = "" }: Pick<EventFilter, "pipeline" | "kind">,
): (event: EventRecord) => boolean {
  return (event) =>
    (pipeline === "" || event.pipeline === pipeline) &&
    (kind === "" || event.kind === kind || (kind.endsWith(".") && event.kind.startsWith(kind)));
}

/** All of them, page by page. */
export async function* eventsAfter(
  store: Pick<ControlStore, "listEvents">,
  filter: EventFilter,
  sequence: number,
): AsyncGenerator<ToldEvent> {
  let after_sequence = sequence;
  while (true) {
    const page = await store.listEvents({ ...filter, after_sequence, limit: PAGE_EVENTS });
    yield* page;
    if (page.length < PAGE_EVENTS) return;
    after_sequence = page.at(-1)!.sequence;
  }
}
