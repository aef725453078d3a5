/** Who calls: the address and the connection behind a request, carried in its context values. */

import { createContextKey } from "@connectrpc/connect";
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

const connections = new WeakMap<Socket, Connection>();

/** The address without port; of an IPv4 client the IPv4 address, also on a dual-stack socket. */
export function addressOf(socket: Pick<Socket, "remoteAddress"> | undefined): string {
  return socket?.remoteAddress?.replace(/^::ffff:/, "") ?? "";
}

/** Two calls over one socket have the same connection. */
export function peerOf(socket: Socket | undefined, http2: boolean): Peer {
  const address = addressOf(socket);
  if (socket === undefined || !http2) return { address, connection: undefined, socket };
  let connection = connections.get(socket);
  if (connection === undefined) {
    connection = { isOpen: () => !socket.destroyed };
    connections.set(socket, connection);
  }
  return { address, connection, socket };
}
