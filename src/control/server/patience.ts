/**
 * How long a client may take: to say something after it opened a connection, and to send all of a
 * request. Kept here and not by the runtimes' HTTP servers, some of which read such options and do
 * nothing (Bun 1.4's `headersTimeout`, seen with half a header).
 */

import type { Socket } from "node:net";
import type { NodeRequest, NodeResponse } from "./refuse.ts";
import { remoteOf, streamOf } from "./requests.ts";

/** A client that opens and sends no whole request line and headers is closed after this. */
export const FIRST_REQUEST_TIMEOUT_MS = 10_000;
/** An HTTP/1.1 connection between two requests; the headers of the next are part of it. */
export const KEEP_ALIVE_TIMEOUT_MS = 90_000;
/** A request's body must be there within this of its headers. */
export const BODY_TIMEOUT_MS = 60_000;
const SWEEP_INTERVAL_MS = 1_000;

export interface Patience {
  /** A connection that has not made a request yet. */
  opened(socket: Socket): void;
  /** A request whose headers are there. */
  began(request: NodeRequest, response: NodeResponse): void;
  /** Connections that are waited for. */
  readonly waiting: number;
  close(): void;
}

export function createPatience(now: () => number = () => performance.now()): Patience {
  const quiet = new Map<string, { readonly socket: Socket; readonly until: number }>();
  const unread = new Map<NodeRequest, number>();

  const sweep = () => {
    const at = now();
    for (const [remote, { socket, until }] of quiet) {
      if (until > at) continue;
      quiet.delete(remote);
      socket.destroy();
    }
    for (const [request, until] of unread) {
      if (until > at) continue;
      unread.delete(request);
      request.destroy();
      if (request.httpVersionMajor === 1) request.socket?.destroy();
    }
  };
  const timer = setInterval(sweep, SWEEP_INTERVAL_MS);
  timer.unref();

  return {
    opened(socket) {
      const remote = remoteOf(socket);
      quiet.set(remote, { socket, until: now() + FIRST_REQUEST_TIMEOUT_MS });
      socket.once("close", () => {
        if (quiet.get(remote)?.socket === socket) quiet.delete(remote);
      });
    },
    began(request, response) {
      const socket = request.socket as Socket | undefined;
      const remote = remoteOf(socket);
      quiet.delete(remote);
      const hasBody = request.method !== "GET" && request.method !== "HEAD";
      if (hasBody) {
        unread.set(request, now() + BODY_TIMEOUT_MS);
        request.once("end", () => unread.delete(request));
      }
      streamOf(request, response).once("close", () => {
        unread.delete(request);
        if (request.httpVersionMajor !== 1 || socket === undefined || socket.destroyed) return;
        quiet.set(remote, { socket, until: now() + KEEP_ALIVE_TIMEOUT_MS });
      });
    },
    get waiting() {
      return quiet.size;
    },
    close: () => clearInterval(timer),
  };
}
