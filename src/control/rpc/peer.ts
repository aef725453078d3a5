/** Who calls: the address and the connection behind a request, carried in its context values. */

import { createContextKey } from "@connectrpc/connect";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Connection } from "../registry/registry.ts";

export interface Peer {
  /** Address without port; "" when the connection is gone already. */
  readonly address: string;
  /** Undefined for HTTP/1.1, where a connection that closes says nothing about its client. */
  readonly connection: Connection | undefined;
  readonly socket: Socket | undefined;
}

export const peerKey = createContextKey<Peer>({
  address: "",
  connection: undefined,
  socket: undefined,
});

const connections = new WeakMap<Session, Connection>();

/** What tells an HTTP/2 connection: its session, for the socket that a request shows is a stand-in. */
export type Session = Pick<Http2Session, "closed" | "destroyed">;

/** The address without port; of an IPv4 client the IPv4 address, also on a dual-stack socket. */
export function addressOf(socket: Pick<Socket, "remoteAddress"> | undefined): string {
  return socket?.remoteAddress?.replace(/^::ffff:/, "") ?? "";
}

/**
 * Two calls over one session have the same connection. It keeps the session, not the request's
 * socket: in Bun each request has a stand-in of its own, which keeps all of that request alive.
 */
export function peerOf(socket: Socket | undefined, session: Session | undefined): Peer {
  const address = addressOf(socket);
  if (session === undefined) return { address, connection: undefined, socket };
  let connection = connections.get(session);
  if (connection === undefined) {
    connection = { isOpen: () => !session.closed && !session.destroyed };
    connections.set(session, connection);
  }
  return { address, connection, socket };
}
