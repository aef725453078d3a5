/** How much is sent over one stream before another is opened. */

import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";

/**
 * Bun's HTTP/2 client stalls for good when the window of a stream has run out for the second time
 * (seen in 1.4.5 with messages of 200 KB, in Go servers). A window holds 64 KiB at first, so what
 * stays below on each stream can never stall; a larger message has a stream to itself.
 */
export const STREAM_LIMIT_bytes = 48 * 1024;
/** What surrounds a payload, about. */
const ENVELOPE_bytes = 512;

export function sizeOf(event: Event): number {
  return event.payload.length + ENVELOPE_bytes;
}

export function hasRoom(sent_bytes: number, event: Event): boolean {
  return sent_bytes === 0 || sent_bytes + sizeOf(event) <= STREAM_LIMIT_bytes;
}

/** The events in portions for one stream each, none of them empty. */
export function portionsOf(events: readonly Event[]): readonly (readonly Event[])[] {
  const portions: Event[][] = [];
  let portion: Event[] = [];
  let bytes = 0;
  for (const event of events) {
    if (!hasRoom(bytes, event)) {
      portions.push(portion);
      portion = [];
      bytes = 0;
    }
    portion.push(event);
    bytes += sizeOf(event);
  }
  if (portion.length > 0) portions.push(portion);
  return portions;
}
