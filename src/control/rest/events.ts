/** /api/events: the fleet's history, as a list or as server-sent events that go on. */

import { Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import * as v from "valibot";
import { FlowctlError } from "../../spec/errors.ts";
import type { ControlPlane } from "../control-plane.ts";
import { errorResponses } from "./errors.ts";
import { eventJson, eventSchema } from "./event-json.ts";
import { eventStream } from "./event-stream.ts";
import { flagParameter, limitParameter, query, textParameter } from "./query.ts";

/** Streams at once over all clients; each holds a connection and a backlog. */
export const MAX_EVENT_STREAMS = 256;
const MAX_EVENTS = 1_000;
const DEFAULT_EVENTS = 100;

const eventsSchema = v.strictObject({ events: v.array(eventSchema) });

export function eventsRoutes(plane: ControlPlane): Hono {
  const app = new Hono();
  let streams = 0;
  app.get(
    "/api/events",
    describeRoute({
      tags: ["Events"],
      summary: "What happened, oldest first; with follow=true also what happens from now on",
      description: "With `follow=true` or `Accept: text/event-stream` the answer is server-sent " +
        "events and goes on. `Last-Event-ID`, which browsers send by themselves, or " +
        "`last_event_id` goes on after that event. A reader that is too slow gets an event " +
        "`lagged` and the end of the stream, and comes back with its last id.",
      parameters: [{
        in: "header",
        name: "Last-Event-ID",
        schema: { type: "string", maxLength: 1_024 },
        description: "Only with server-sent events: go on after this one.",
      }],
      responses: {
        200: {
          description: "The newest events that match, or a stream of them.",
          content: {
            "application/json": { schema: resolver(eventsSchema) },
            "text/event-stream": { schema: { type: "string" } },
          },
        },
        ...errorResponses(400, 429),
      },
    }),
    query({
      pipeline: textParameter("Only those of this pipeline."),
      kind: textParameter("Only this kind; ending with a dot, all that begin with it."),
      since: v.optional(
        v.pipe(v.string(), v.isoTimestamp(), v.description("Only those at or after this time.")),
      ),
      limit: limitParameter(MAX_EVENTS, DEFAULT_EVENTS),
      follow: flagParameter("Server-sent events."),
      last_event_id: v.optional(
        v.pipe(v.string(), v.maxLength(1_024), v.description("Like the header of that name.")),
      ),
    }),
    async (c) => {
      const { pipeline, kind, since, limit, follow, last_event_id } = c.req.valid("query");
      const filter = {
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(kind === undefined ? {} : { kind }),
        ...(since === undefined ? {} : { since_ms: Date.parse(since) }),
        ...(limit === undefined ? {} : { limit: Number(limit) }),
      };
      const accepts = c.req.header("accept")?.includes("text/event-stream") === true;
      if (follow !== "true" && (follow === "false" || !accepts)) {
        const events = await plane.store.listEvents({ limit: DEFAULT_EVENTS, ...filter });
        return c.json({ events: events.map(eventJson) });
      }
      if (streams >= MAX_EVENT_STREAMS) {
        throw new FlowctlError(
          "control/overloaded",
          `${MAX_EVENT_STREAMS} streams of events are open, the limit`,
          { hint: "Close one, or ask for lists with `since`.", retryable: true },
        );
      }
      streams++;
      const body = eventStream(plane, {
        filter,
        lastEventId: last_event_id ?? c.req.header("last-event-id") ?? "",
        signal: c.req.raw.signal,
        ended: () => void streams--,
      });
      return c.body(body, 200, {
        "content-type": "text/event-stream; charset=utf-8",
        "x-accel-buffering": "no",
      });
    },
  );
  return app;
}
