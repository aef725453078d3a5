/** /metrics: for Prometheus. */

import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { EXPOSITION_TYPE } from "../metrics/exposition.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { errorResponses } from "./errors.ts";
import { flagParameter, query } from "./query.ts";

export function metricsRoutes(metrics: Metrics): Hono {
  const app = new Hono();
  app.get(
    "/metrics",
    describeRoute({
      tags: ["Health"],
      summary: "Metrics of the server and of everything that is registered, for Prometheus",
      responses: {
        200: {
          description: "The text format 0.0.4.",
          content: { "text/plain": { schema: { type: "string" } } },
        },
        ...errorResponses(400),
      },
    }),
    query({
      services: flagParameter("false leaves out what each service tells: a tenth of the size."),
    }),
    (c) => {
      const texts = metrics.texts(c.req.valid("query").services !== "false");
      const encoder = new TextEncoder();
      const iterator = texts[Symbol.asyncIterator]();
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const next = await iterator.next();
          if (next.done === true) controller.close();
          else controller.enqueue(encoder.encode(next.value));
        },
        async cancel() {
          await iterator.return?.();
        },
      });
      return c.body(body, 200, { "content-type": EXPOSITION_TYPE });
    },
  );
  return app;
}
