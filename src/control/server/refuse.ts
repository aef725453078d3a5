/** Refuses a request before its body is read, in the words of the protocol that it speaks. */

import { Code } from "@connectrpc/connect";
import type { ErrorCode } from "../../spec/errors.ts";
import type { Handler } from "./listener.ts";

export type NodeRequest = Parameters<Handler>[0];
export type NodeResponse = Parameters<Handler>[1];

export interface Refusal {
  readonly code: keyof typeof STATUSES;
  readonly message: string;
  /** When to come again, in whole seconds. */
  readonly retry_after_s?: number;
}

/** The Connect protocol's names and HTTP statuses of its error codes. */
const STATUSES = {
  [Code.InvalidArgument]: ["invalid_argument", 400],
  [Code.Unauthenticated]: ["unauthenticated", 401],
  [Code.PermissionDenied]: ["permission_denied", 403],
  [Code.ResourceExhausted]: ["resource_exhausted", 429],
  [Code.Unavailable]: ["unavailable", 503],
  [Code.Internal]: ["internal", 500],
} as const;

const REST_CODE: ErrorCode = "control/refused";
/** Flag of the frame that ends a stream of the Connect protocol. */
const END_STREAM = 0b10;

/** Bytes of a refused request's body that are read and forgotten before its connection is cut. */
const MAX_DISCARDED_BYTES = 65_536;

/**
 * A connection that is closed while its client still writes shows it a broken pipe instead of the
 * refusal, so what little most calls send is taken.
 */
function discard(request: NodeRequest): void {
  let left = MAX_DISCARDED_BYTES;
  request.on("data", (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left >= 0) return;
    if (request.httpVersionMajor === 1) request.socket?.destroy();
    else request.pause();
  });
}

/** `rpc`: the path is that of a call, so a plain JSON body is one of the Connect protocol. */
export function refuse(
  request: NodeRequest,
  response: NodeResponse,
  refusal: Refusal,
  rpc: boolean,
): void {
  const { message, retry_after_s } = refusal;
  const [name, status] = STATUSES[refusal.code];
  const type = String(request.headers["content-type"] ?? "");
  const headers: Record<string, string> = {};
  if (retry_after_s !== undefined) headers["retry-after"] = String(retry_after_s);
  if (refusal.code === Code.Unauthenticated) headers["www-authenticate"] = "Bearer";
  discard(request);

  const outcome = {
    "grpc-status": String(refusal.code),
    "grpc-message": encodeURIComponent(message),
  };
  if (rpc && type.startsWith("application/grpc-web")) {
    // An answer that ends with its headers says in them how it ended.
    response.writeHead(200, {
      ...headers,
      ...outcome,
      "content-type": "application/grpc-web+proto",
    });
    response.end();
  } else if (rpc && type.startsWith("application/grpc")) {
    // Headers alone would do if they ended the stream, but an empty frame follows them in Bun, and
    // clients in Go and Python then see no outcome.
    response.writeHead(200, { ...headers, "content-type": "application/grpc" });
    response.addTrailers(outcome);
    response.end();
  } else if (rpc && type.startsWith("application/connect+")) {
    const end = Buffer.from(JSON.stringify({ error: { code: name, message } }));
    const frame = Buffer.alloc(5 + end.length);
    frame.writeUInt8(END_STREAM, 0);
    frame.writeUInt32BE(end.length, 1);
    end.copy(frame, 5);
    response.writeHead(200, {
      ...headers,
      "content-type": type.endsWith("json")
        ? "application/connect+json"
        : "application/connect+proto",
    });
    response.end(frame);
  } else {
    const body = rpc ? { code: name, message } : { error: { code: REST_CODE, message } };
    response.writeHead(status, { ...headers, "content-type": "application/json" });
    response.end(request.method === "HEAD" ? "" : JSON.stringify(body));
  }
}
