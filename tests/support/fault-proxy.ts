/** Stands between an HTTP client and a server, and does to answers what networks do. */

import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Fault =
  /** The answer comes late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** The answer's body comes in small pieces with pauses between them. */
  | { readonly kind: "drip"; readonly pieces: number; readonly ms: number }
  /** An error of this status, without asking the server. */
  | { readonly kind: "status"; readonly status: number }
  /** The connection is reset after this share of the body. */
  | { readonly kind: "cut"; readonly share: number }
  /** The head comes, and then nothing. */
  | { readonly kind: "stall" }
  /** Content-Length is off by so many bytes, and the connection closes after the whole body. */
  | { readonly kind: "length"; readonly by: number }
  /** A byte of the body is another one; the answer is otherwise right. */
  | { readonly kind: "flip"; readonly share: number };

export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  /** Request line and headers. */
  readonly head: string;
  /** Counts all requests, from 0. */
  readonly index: number;
}

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly ProxiedRequest[];
}

interface Answer {
  readonly head: string;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";

/** One request on a connection of its own, answered whole. */
async function ask(port: number, request: Buffer): Promise<Answer> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  const end = whole.indexOf(HEAD_END);
  return { head: whole.subarray(0, end).toString("latin1"), body: whole.subarray(end + 4) };
}

function withHeader(head: string, name: string, value: string): string {
  const others = head.split("\r\n").filter((line) => !line.toLowerCase().startsWith(`${name}:`));
  return [...others, `${name}: ${value}`].join("\r\n");
}

async function send(socket: Socket, answer: Answer, fault: Fault | undefined): Promise<void> {
  const head = (text: string) => socket.write(`${text}${HEAD_END}`);
  const { body } = answer;
  switch (fault?.kind) {
    case "cut":
      head(answer.head);
      socket.write(body.subarray(0, Math.floor(body.length * fault.share)));
      await sleep(20);
      socket.resetAndDestroy();
      return;
    case "stall":
      head(answer.head);
      return;
    case "length":
      head(withHeader(answer.head, "content-length", String(body.length + fault.by)));
      socket.end(body);
      return;
    case "flip": {
      const damaged = Buffer.from(body);
      const at = Math.floor(body.length * fault.share);
      if (at < damaged.length) damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      head(answer.head);
      socket.end(damaged);
      return;
    }
    case "drip":
      head(answer.head);
      for (let piece = 0; piece < fault.pieces; piece++) {
        const [from, to] = [piece, piece + 1].map((n) =>
          Math.floor(body.length * n / fault.pieces)
        );
        socket.write(body.subarray(from, to));
        await sleep(fault.ms);
      }
      socket.end();
      return;
    default:
      if (fault?.kind === "slow") await sleep(fault.ms);
      head(answer.head);
      socket.end(body);
  }
}

/** `decide` says what happens to each request. */
export async function startFaultProxy(
  upstream: number,
  decide: (request: ProxiedRequest) => Fault | undefined,
): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();

  async function serve(socket: Socket, head: string, body: Buffer): Promise<void> {
    const [method = "", path = ""] = head.split(" ");
    const request = { method, path, head, index: requests.length };
    requests.push(request);
    const fault = decide(request);
    if (fault?.kind === "status") {
      socket.end(
        `HTTP/1.1 ${fault.status} Fault\r\nconnection: close\r\ncontent-length: 0${HEAD_END}`,
      );
      return;
    }
    const forward = Buffer.from(`${withHeader(head, "connection", "close")}${HEAD_END}`, "latin1");
    const answer = await ask(upstream, Buffer.concat([forward, body]));
    const closing = { ...answer, head: withHeader(answer.head, "connection", "close") };
    await send(socket, closing, fault);
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let received = Buffer.alloc(0);
    let served = false;
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, Buffer.from(chunk)]);
      const end = received.indexOf(HEAD_END);
      if (served || end < 0) return;
      const head = received.subarray(0, end).toString("latin1");
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      served = true;
      serve(socket, head, received.subarray(end + 4)).catch(() => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
