/**
 * One port for everything: HTTP/1.1 and HTTP/2, cleartext or TLS. Without TLS the first bytes of a
 * connection tell which it is; with TLS, ALPN does.
 */

import { createServer as createHttp1 } from "node:http";
import { createSecureServer, createServer as createHttp2 } from "node:http2";
import type { connectNodeAdapter } from "@connectrpc/connect-node";
import type { AddressInfo, Server, Socket } from "node:net";
import { splitHttp } from "../../runtime/split-http.ts";
import { addressOf } from "../rpc/peer.ts";
import { createPatience, FIRST_REQUEST_TIMEOUT_MS } from "./patience.ts";
import { createPulse } from "./pulse.ts";
import type { Pulse } from "./pulse.ts";
import { remoteOf, streamOf } from "./requests.ts";
import { peerNetwork } from "./rate-limit.ts";

/** Open connections; the next one is closed at once. */
export const MAX_CONNECTIONS = 20_000;
/** Of one peer, so that it cannot take the places of all others: 10,000 components, and then some. */
export const MAX_CONNECTIONS_PER_PEER = 12_000;
/** A connection beyond a limit is closed after this, and only so many wait for it. */
const TURNED_AWAY_MS = 1_000;
const MAX_TURNED_AWAY = 1_000;
/** An answer has left the process within this of its end. */
const FLUSH_MS = 20;
/** Bytes of all headers of a request. */
export const MAX_HEADER_BYTES = 32_768;
/** Calls at once on one HTTP/2 connection. */
const MAX_CONCURRENT_STREAMS = 100;

/** Answers requests of both HTTP versions. */
export type Handler = ReturnType<typeof connectNodeAdapter>;

export interface TlsFiles {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  /** With it clients must show a certificate of this authority (mutual TLS). */
  readonly ca: string | undefined;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly handler: Handler;
  /** False for a peer that may open no connection now. Default: all may. */
  readonly admits?: (peer: string) => boolean;
  /** Monotonic ms, for whether those connected are still there. Default: the system's. */
  readonly now?: () => number;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
  /** Stops listening, ends idle connections, waits `graceMs` for calls, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Fails with the system's error when the address cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const open = new Set<Socket>();
  const perPeer = new Map<string, number>();
  const patience = createPatience();
  const pulse = createPulse(options.now);
  const waiting = new Set<Socket>();
  /** Held back, unread: whoever comes again at once would keep the server busy with closing. */
  const turnAway = (socket: Socket) => {
    socket.on("error", () => {});
    if (options.tls !== undefined || waiting.size >= MAX_TURNED_AWAY) {
      socket.destroy();
      return;
    }
    socket.pause();
    waiting.add(socket);
    setTimeout(() => socket.destroy(), TURNED_AWAY_MS).unref();
    socket.on("close", () => waiting.delete(socket));
  };
  /** Requests that go on, by connection. */
  const busy = new Map<string, number>();
  let closing = false;
  let ending: ReturnType<typeof setTimeout> | undefined;
  const handler: Handler = (request, response) => {
    patience.began(request, response);
    const remote = remoteOf(request.socket as Socket | undefined);
    busy.set(remote, (busy.get(remote) ?? 0) + 1);
    streamOf(request, response).once("close", () => {
      const left = (busy.get(remote) ?? 1) - 1;
      if (left > 0) busy.set(remote, left);
      else busy.delete(remote);
      // What was answered last is still on its way.
      if (closing) ending ??= setTimeout(endIdle, FLUSH_MS);
    });
    return options.handler(request, response);
  };
  const endIdle = () => {
    ending = undefined;
    for (const socket of open) if (!busy.has(remoteOf(socket))) socket.destroy();
  };
  const server = options.tls === undefined
    ? cleartextServer(handler, pulse)
    : secureServer(options.tls, handler, pulse);
  server.on("connection", (socket: Socket) => {
    const peer = peerNetwork(addressOf(socket));
    const ofPeer = perPeer.get(peer) ?? 0;
    const full = open.size >= MAX_CONNECTIONS || ofPeer >= MAX_CONNECTIONS_PER_PEER;
    if (full || options.admits?.(peer) === false) {
      turnAway(socket);
      return;
    }
    open.add(socket);
    perPeer.set(peer, ofPeer + 1);
    patience.opened(socket);
    pulse.opened(socket);
    socket.setNoDelay(true);
    socket.on("close", () => {
      open.delete(socket);
      const left = (perPeer.get(peer) ?? 1) - 1;
      if (left > 0) perPeer.set(peer, left);
      else perPeer.delete(peer);
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    host: options.host,
    port: address.port,
    connections: () => open.size,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, graceMs);
      closing = true;
      for (const socket of waiting) socket.destroy();
      endIdle();
      await closed;
      clearTimeout(timer);
      clearTimeout(ending);
      patience.close();
      pulse.close();
    },
  };
}

function http1(handler: Handler) {
  const server = createHttp1({ maxHeaderSize: MAX_HEADER_BYTES }, handler);
  server.on("clientError", (_error, socket) => {
    if (!socket.destroyed) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  return server;
}

function cleartextServer(handler: Handler, pulse: Pulse): Server {
  const one = http1(handler);
  const two = createHttp2({
    maxHeaderListPairs: 128,
    settings: {
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  }, handler);
  two.on("sessionError", () => {});
  two.on("session", pulse.began);
  return splitHttp(one, two);
}

function secureServer(tls: TlsFiles, handler: Handler, pulse: Pulse): Server {
  const server = createSecureServer({
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
    allowHTTP1: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: FIRST_REQUEST_TIMEOUT_MS,
    maxHeaderListPairs: 128,
    settings: {
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  }, handler);
  server.on("sessionError", () => {});
  server.on("session", pulse.began);
  server.on("tlsClientError", () => {});
  return server;
}
