/**
 * One port for everything: HTTP/1.1 and HTTP/2, cleartext or TLS. Without TLS the first bytes of a
 * connection tell which it is (HTTP/2 with prior knowledge begins with "PRI * HTTP/2.0", RFC 9113
 * section 3.4); with TLS, ALPN does.
 */

import { createServer as createHttp1 } from "node:http";
import { createSecureServer, createServer as createHttp2 } from "node:http2";
import { createServer as createTcp } from "node:net";
import type { connectNodeAdapter } from "@connectrpc/connect-node";
import type { AddressInfo, Server, Socket } from "node:net";

/** Open connections; the next one is closed at once. */
export const MAX_CONNECTIONS = 20_000;
/** A client that opens and sends nothing is closed after this. */
export const FIRST_BYTE_TIMEOUT_MS = 10_000;
/** Headers must be there within this, HTTP/1.1. */
const HEADERS_TIMEOUT_MS = 10_000;
/** An HTTP/1.1 request must be whole within this. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Bytes of all headers of a request. */
export const MAX_HEADER_BYTES = 32_768;
/** Calls at once on one HTTP/2 connection. */
const MAX_CONCURRENT_STREAMS = 256;
const HTTP2_PREFACE = "PRI";

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
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  connections(): number;
  /** Stops listening, waits `graceMs` for calls to end, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Fails with the system's error when the address cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const open = new Set<Socket>();
  const server = options.tls === undefined
    ? cleartextServer(options.handler)
    : secureServer(options.tls, options.handler);
  server.on("connection", (socket: Socket) => {
    if (open.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => open.delete(socket));
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
      await closed;
      clearTimeout(timer);
    },
  };
}

function http1(handler: Handler) {
  const server = createHttp1({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  }, handler);
  server.on("clientError", (_error, socket) => {
    if (!socket.destroyed) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  return server;
}

function cleartextServer(handler: Handler): Server {
  const one = http1(handler);
  const two = createHttp2({
    maxHeaderListPairs: 128,
    settings: {
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  }, handler);
  two.on("sessionError", () => {});
  return createTcp((socket) => {
    const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_TIMEOUT_MS);
    socket.once("close", () => clearTimeout(timer));
    socket.once("data", (first: Buffer) => {
      clearTimeout(timer);
      socket.pause();
      const isHttp2 = first.toString("latin1", 0, HTTP2_PREFACE.length) === HTTP2_PREFACE;
      socket.unshift(first);
      (isHttp2 ? two : one).emit("connection", socket);
      socket.resume();
    });
  });
}

function secureServer(tls: TlsFiles, handler: Handler): Server {
  const server = createSecureServer({
    cert: tls.cert,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
    allowHTTP1: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: FIRST_BYTE_TIMEOUT_MS,
    maxHeaderListPairs: 128,
    settings: {
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  }, handler);
  server.on("sessionError", () => {});
  server.on("tlsClientError", () => {});
  return server;
}
