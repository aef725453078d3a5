/** Unary gRPC over a bare HTTP/2 session: a client that costs little, and may be told to misbehave. */

import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";

export interface Answer {
  /** gRPC status code; 14 (unavailable) when the connection broke. */
  readonly status: number;
  readonly message: string;
  /** The first message's bytes; empty when there is none. */
  readonly body: Uint8Array;
}

const UNAVAILABLE = 14;
const PREFIX_BYTES = 5;

/** A gRPC frame: flag, length, message. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Never rejects: a broken connection is a status too. */
export function callGrpc(
  session: ClientHttp2Session,
  path: string,
  frame: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    if (session.closed || session.destroyed) {
      return resolve({ status: UNAVAILABLE, message: "closed", body: new Uint8Array() });
    }
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const chunks: Buffer[] = [];
    let last: IncomingHttpHeaders = {};
    const keep = (found: IncomingHttpHeaders) => {
      if (found["grpc-status"] !== undefined) last = found;
    };
    stream.on("response", keep);
    stream.on("trailers", keep);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("close", () => {
      const status = last["grpc-status"];
      resolve({
        status: status === undefined ? UNAVAILABLE : Number(status),
        message: decodeURIComponent(String(last["grpc-message"] ?? "")),
        body: Buffer.concat(chunks).subarray(PREFIX_BYTES),
      });
    });
    stream.end(frame);
  });
}
