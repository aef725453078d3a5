/** Keeps a message that cannot be read, however often it is sent, for somebody to look at. */

import type { JsMsg } from "@nats-io/jetstream";
import { headers as createHeaders } from "@nats-io/transport-node";
import { FlowctlError } from "../spec/errors.ts";
import type { Nats } from "./connection.ts";
import type { Edge } from "./edge.ts";
import { deadStream, deadSubject } from "./names.ts";
import type { BusScope } from "./scope.ts";

const DEAD_LIMIT_bytes = 64 * 1024 * 1024;

/** The error with which the run ends unless the producer replaces it: a ledger cannot be left out. */
export async function deadLetter(
  nats: Nats,
  scope: BusScope,
  edge: Edge,
  source: string,
  message: JsMsg,
  why: string,
): Promise<FlowctlError> {
  const stream = deadStream(edge.key);
  const headers = createHeaders();
  for (const [key, values] of message.headers ?? []) {
    // The server acts on its own headers; only ours are kept.
    if (!key.startsWith("Nats-")) { for (const value of values) headers.append(key, value); }
  }
  headers.set("Flowctl-Error", why.replace(/[\r\n]+/g, " "));
  headers.set("Flowctl-Stream-Sequence", String(message.seq));
  await nats.jsm.streams.add({
    name: stream,
    subjects: [`${deadSubject(edge.key, "x").split(".").slice(0, 4).join(".")}.>`],
    max_bytes: DEAD_LIMIT_bytes,
    num_replicas: scope.config.replicas,
  });
  await nats.js.publish(deadSubject(edge.key, source), message.data, { headers });
  message.term(why);
  return new FlowctlError(
    "bus/damaged-message",
    `message ${message.seq} of ${edge.stream} cannot be read: ${why}`,
    {
      hint: `It is kept in stream ${stream}. ${edge.key.producer} replaces it when its agent runs.`,
    },
  );
}
