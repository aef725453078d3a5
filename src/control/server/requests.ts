/** What is the same about requests of both HTTP versions. */

import type { Socket } from "node:net";
import type { NodeRequest, NodeResponse } from "./refuse.ts";

/** What closes when a request is over. */
export function streamOf(request: NodeRequest, response: NodeResponse) {
  return "stream" in request ? request.stream : response;
}

/** HTTP/2 hands out a stand-in for the socket, so a connection is known by where it comes from. */
export function remoteOf(socket: Pick<Socket, "remoteAddress" | "remotePort"> | undefined): string {
  return `${socket?.remoteAddress} ${socket?.remotePort}`;
}
