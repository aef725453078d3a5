/**
 * Stands between a client and a server and does what a network does that is cut: bytes stop without
 * a word, both ways or one way, or connections are refused. As with TCP, what was held back arrives
 * when the network is whole again, unless somebody has given up by then.
 */

import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Cut =
  /** Nothing passes, nobody is told. */
  | "both"
  /** What the client says does not arrive; it hears the server. */
  | "to-server"
  /** The client hears nothing; the server hears it. */
  | "to-client"
  /** Connections are reset, and new ones are refused. */
  | "refused";

export interface PartitionProxy extends AsyncDisposable {
  readonly port: number;
  /** Bytes that clients have sent so far. */
  readonly sent: number;
  cut(cut: Cut): void;
  heal(): void;
  /** Cuts and heals in turn for so long, and leaves it whole. */
  flap(cut: Cut, every_ms: number, for_ms: number): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** `upstream`: a port on loopback. */
export async function startPartitionProxy(upstream: number): Promise<PartitionProxy> {
  const pairs = new Set<Pair>();
  let cut: Cut | undefined;
  let sent = 0;

  const holds = (from: "client" | "server") =>
    cut === "both" || cut === (from === "client" ? "to-server" : "to-client");

  function apply({ client, server }: Pair): void {
    if (cut === "refused") {
      client.resetAndDestroy();
      server.resetAndDestroy();
      return;
    }
    if (holds("client")) client.pause();
    else client.resume();
    if (holds("server")) server.pause();
    else server.resume();
  }

  /** The end of one side reaches the other only where bytes do. */
  async function closeOther(from: "client" | "server", other: Socket): Promise<void> {
    while (holds(from) && !other.destroyed) await sleep(50);
    other.destroy();
  }

  const listener = createServer((client) => {
    if (cut === "refused") return void client.resetAndDestroy();
    const server = connect(upstream, "127.0.0.1");
    const pair = { client, server };
    pairs.add(pair);
    for (const socket of [client, server]) socket.on("error", () => {});
    client.on("data", (bytes: Uint8Array) => {
      sent += bytes.byteLength;
      server.write(bytes);
    });
    server.on("data", (bytes) => void client.write(bytes));
    client.on("close", () => {
      pairs.delete(pair);
      void closeOther("client", server);
    });
    server.on("close", () => void closeOther("server", client));
    apply(pair);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port");

  function become(next: Cut | undefined): void {
    cut = next;
    for (const pair of [...pairs]) apply(pair);
  }
  return {
    port: address.port,
    get sent() {
      return sent;
    },
    cut: become,
    heal: () => become(undefined),
    async flap(next, every_ms, for_ms) {
      const end = performance.now() + for_ms;
      while (performance.now() < end) {
        become(next);
        await sleep(every_ms);
        become(undefined);
        await sleep(every_ms);
      }
    },
    async [Symbol.asyncDispose]() {
      become(undefined);
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await closed;
    },
  };
}
