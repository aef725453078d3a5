/**
 * A listener on loopback for components that can speak only plaintext: what they send goes on to
 * the control plane over the agent's own TLS and with its token. It passes messages on as they are
 * and knows nothing of their content beyond their type.
 */

import { createServer } from "node:http2";
import { createServer as createHttp1 } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ConnectError, createClient } from "@connectrpc/connect";
import type { ConnectRouter, Transport } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ControlPlane } from "../gen/proto/flowctl/control_plane_pb.js";
import { ControlPlaneService } from "../gen/proto/flowctl/v1/control_plane_pb.js";
import { splitHttp } from "../runtime/split-http.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";

/** Bytes of one message; ledgers never come this way. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** The services of the two older protocols, all of whose calls are unary. */
const RELAYED: readonly DescService[] = [ControlPlane, ControlPlaneService];

export interface Relay {
  readonly port: number;
  close(): Promise<void>;
}

/** Port 0: a free one. Throws `control/address-in-use`. */
export async function startRelay(transport: Transport, port: number): Promise<Relay> {
  const handler = connectNodeAdapter({
    routes: (router) => {
      for (const service of RELAYED) relay(router, service, transport);
    },
    readMaxBytes: MAX_MESSAGE_BYTES,
  });
  const one = createHttp1(handler);
  const two = createServer(handler);
  two.on("sessionError", () => {});
  const open = new Set<Socket>();
  const server = splitHttp(one, two);
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch((cause: unknown) => {
    throw new FlowctlError(
      "control/address-in-use",
      `the relay cannot listen on 127.0.0.1:${port}: ${messageOf(cause)}`,
      { hint: "Name another port with --relay.", cause },
    );
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function relay(router: ConnectRouter, service: DescService, transport: Transport): void {
  const client = createClient(service, transport) as Record<string, Call>;
  const methods = service.methods.filter(({ methodKind }) => methodKind === "unary");
  const handlers = methods.map((method: DescMethod) => [
    method.localName,
    async (request: unknown) => {
      try {
        return await client[method.localName]!(request);
      } catch (error) {
        // As it came, without the headers of the other connection.
        const { rawMessage, code } = ConnectError.from(error);
        throw new ConnectError(rawMessage, code);
      }
    },
  ]);
  router.service(service, Object.fromEntries(handlers));
}

type Call = (request: unknown) => Promise<object>;
