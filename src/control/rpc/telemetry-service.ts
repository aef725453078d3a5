/** flowctl.control.v1.TelemetryService: events, logs, signals and taps. */

import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import { SignalSchema } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type {
  TapRequest,
  TelemetryService,
} from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import { eventMatcher, eventsAfter } from "../events-after.ts";
import { logMatcher } from "../log-ring.ts";
import type { LogFilter } from "../log-ring.ts";
import { DEFAULT_TAP_RATE, MAX_TAPS } from "../signals.ts";
import { eventFromWire, eventToWire, logFromWire, logToWire } from "../wire/telemetry.ts";
import { fromTimestamp } from "../wire/time.ts";
import { MAX_METADATA_VALUE, MAX_TEXT } from "./checks.ts";

/** Events or log lines in one call. */
export const MAX_TOLD_AT_ONCE = 1_000;
const MAX_BACKLOG_LINES = 1_000;

export function telemetryService(plane: ControlPlane): ServiceImpl<typeof TelemetryService> {
  return {
    async reportEvents({ events }) {
      atMost(events.length, "events");
      const now = plane.clock.now();
      const records = events.map((event) => eventFromWire(event, now));
      for (const record of records) {
        if (record.id === "" || record.kind === "") refuse("an event needs an id and a kind");
        if (record.id.length > MAX_TEXT || record.kind.length > MAX_TEXT) {
          refuse("too long an id or kind");
        }
        if (record.message.length > MAX_METADATA_VALUE) refuse("too long a message");
      }
      await plane.addEvents(records);
      return {};
    },

    async listEvents({ pipeline, kind, since, limit }) {
      const since_ms = fromTimestamp(since);
      const events = await plane.store.listEvents({
        pipeline,
        kind,
        limit,
        ...(since_ms === undefined ? {} : { since_ms }),
      });
      return { events: events.map(eventToWire) };
    },

    async *watchEvents({ pipeline, kind, afterSequence }, { signal }) {
      const following = plane.events.watch(signal, eventMatcher({ pipeline, kind }));
      // Where to go on from, also for a reader that is lost before the first event.
      let last = await plane.store.lastEventSequence();
      yield { sequence: BigInt(last) };
      if (afterSequence > 0n) {
        const missed = eventsAfter(plane.store, { pipeline, kind }, Number(afterSequence));
        for await (const event of missed) {
          last = Math.max(last, event.sequence);
          yield { event: eventToWire(event), sequence: BigInt(event.sequence) };
        }
      }
      for await (const watched of following) {
        if ("lagged" in watched) throw lagged();
        const { item } = watched;
        if (item.sequence <= last) continue;
        yield { event: eventToWire(item), sequence: BigInt(item.sequence) };
      }
    },

    pushLogs({ lines }) {
      atMost(lines.length, "log lines");
      const now = plane.clock.now();
      plane.addLogs(lines.map((line) => logFromWire(line, now)));
      return {};
    },

    async *tailLogs(request, { signal }) {
      const filter: LogFilter = {
        pipeline: request.pipeline,
        run_id: request.runId,
        component_id: request.componentId,
        min_level: request.minLevel,
      };
      const following = plane.logs.watch(signal, logMatcher(filter));
      const backlog = Math.min(Math.max(request.backlog, 0), MAX_BACKLOG_LINES);
      for (const line of plane.logRing.last(filter, backlog)) yield { line: logToWire(line) };
      if (!request.follow) return;
      // A reader that lags misses lines; for logs that is better than an end.
      for await (const watched of following) {
        if ("item" in watched) yield { line: logToWire(watched.item) };
      }
    },

    sendSignal({ signal }) {
      if (signal === undefined || signal.type === "") refuse("a signal needs a type");
      const id = signal.id || randomUUID();
      const at = signal.at ?? timestampFromMs(plane.clock.now());
      return { id, delivered: plane.signals.send(create(SignalSchema, { ...signal, id, at })) };
    },

    async *watchSignals({ pipeline, componentId }, context) {
      for await (const watched of plane.signals.watch(pipeline, componentId, context.signal)) {
        if ("lagged" in watched) throw lagged();
        yield { signal: watched.item };
      }
    },

    async *tap(request, { signal }) {
      const tap = plane.signals.openTap();
      if (tap === undefined) {
        throw new ConnectError(`${MAX_TAPS} taps are open, the limit`, Code.ResourceExhausted);
      }
      // Not only at the end of this function: a reader that left while an item was being written
      // may never let it go on.
      signal.addEventListener("abort", () => tap.close(), { once: true });
      try {
        if (plane.signals.send(tapSignal(request, tap.id)) === 0) {
          throw new ConnectError(
            `nothing that runs watches pipeline ${request.pipeline || "(any)"}`,
            Code.NotFound,
          );
        }
        for await (const watched of tap.hub.watch(signal)) {
          if (!("item" in watched)) continue;
          const { items, skipped } = watched.item;
          for (const [index, item] of items.entries()) {
            yield { item, skipped: index === 0 ? skipped : 0n };
          }
        }
      } finally {
        tap.close();
      }
    },

    pushTap: ({ tapId, items, skipped }) => ({
      wanted: plane.signals.pushTap(tapId, { items, skipped }),
    }),
  };
}

function tapSignal(request: TapRequest, tapId: string) {
  return create(SignalSchema, {
    id: randomUUID(),
    type: "tap.start",
    pipeline: request.pipeline,
    componentId: request.componentId,
    fields: {
      tap_id: tapId,
      where: request.where,
      rate: String(request.rate > 0 ? request.rate : DEFAULT_TAP_RATE),
    },
  });
}

function refuse(what: string): never {
  throw new ConnectError(what, Code.InvalidArgument);
}

function atMost(count: number, what: string): void {
  if (count > MAX_TOLD_AT_ONCE) refuse(`more than ${MAX_TOLD_AT_ONCE} ${what} in one call`);
}

/** The client starts again, with a list of what it missed. */
function lagged(): ConnectError {
  return new ConnectError("this reader is too slow and has missed some", Code.Aborted);
}
