/** HTTP/1.1 and HTTP/2 without TLS on one port. */

import type { Server as Http1Server } from "node:http";
import type { Http2Server } from "node:http2";
import { createServer } from "node:net";
import type { Server } from "node:net";

/** With prior knowledge HTTP/2 begins with "PRI * HTTP/2.0" (RFC 9113, section 3.4). */
const HTTP2_PREFACE = "PRI";

/** Hands each connection to one of the two, by its first bytes. */
export function splitHttp(one: Http1Server, two: Http2Server): Server {
  return createServer((socket) => {
    socket.once("data", (first: Buffer) => {
      socket.pause();
      const isHttp2 = first.toString("latin1", 0, HTTP2_PREFACE.length) === HTTP2_PREFACE;
      socket.unshift(first);
      (isHttp2 ? two : one).emit("connection", socket);
      // Later: Node's HTTP/2 takes what was put back first, and is confused when it flows at once.
      setImmediate(() => socket.resume());
    });
  });
}
