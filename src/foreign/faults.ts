/** What went wrong with a foreign component, as flowctl's errors. */

import { Code, ConnectError } from "@connectrpc/connect";
import type { Event } from "../gen/proto/flowctl/v1/common_pb.js";
import type { ComponentSpec } from "../spec/pipeline.ts";
import { FlowctlError } from "../spec/errors.ts";

/** The process or the connection is gone; what was in flight may be sent again. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

/** Codes that a broken connection gives, not the component's own code. */
const LOST: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Aborted, Code.Canceled]);

/** The failure of a stream on which `event` (undefined: none) was in flight. */
export function streamFailure(
  spec: ComponentSpec,
  thrown: unknown,
  event: Event | undefined,
): FlowctlError | LinkLost {
  if (thrown instanceof FlowctlError || thrown instanceof LinkLost) return thrown;
  const error = ConnectError.from(thrown);
  if (LOST.has(error.code) || isOfConnection(error)) {
    return new LinkLost(error.rawMessage, { cause: error });
  }
  if (error.code === Code.ResourceExhausted) return tooLarge(error, event);
  if (error.code === Code.Unimplemented) return notServed(spec, error);
  return eventFailed(spec, event, error.rawMessage, { retryable: false, cause: error });
}

/**
 * Not every runtime's way to say that a connection broke has a code of its own; what they have in
 * common is a cause with a name such as ERR_STREAM_PREMATURE_CLOSE, where an answer has none.
 */
function isOfConnection({ cause }: ConnectError): boolean {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string";
}

export function eventFailed(
  spec: ComponentSpec,
  event: Event | undefined,
  why: string,
  options: { readonly retryable: boolean; readonly cause?: ConnectError },
): FlowctlError {
  const what = event === undefined ? "its stream" : `event ${event.id}`;
  return new FlowctlError("component/event-failed", `${spec.id} failed on ${what}: ${why}`, {
    hint: "Its log says why. on_error: dead_letter or skip lets the run go on without the event.",
    ...options,
  });
}

/** `limit`: as the component states it, for example "5242880 vs. 4194304". */
function tooLarge(error: ConnectError, event: Event | undefined): FlowctlError {
  const which = event?.stellarCursor === undefined
    ? "a message"
    : `ledger ${event.stellarCursor.ledgerSequence}, ${event.payload.length} bytes,`;
  return new FlowctlError(
    "component/too-large",
    `${which} is more than one message may have: ${error.rawMessage}`,
    {
      hint: "gRPC servers take 4 MB unless told otherwise: raise the limit in the component " +
        "(grpc.MaxRecvMsgSize in Go, grpc.max_receive_message_length in Python).",
      cause: error,
    },
  );
}

const SERVICES = {
  source: "SourceService",
  processor: "ProcessorService",
  sink: "ConsumerService",
} as const;

export function notServed(spec: ComponentSpec, cause: unknown): FlowctlError {
  return new FlowctlError(
    "component/protocol",
    `${spec.id} does not serve flowctl.v1.${SERVICES[spec.role]}, which a ${spec.role} must`,
    { hint: "Is it listed in the section of its role (sources, processors, sinks)?", cause },
  );
}
