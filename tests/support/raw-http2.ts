/**
 * Calls over HTTP/2 written as bytes (RFC 9113, RFC 7541), so that one core can ask far more than a
 * server can answer, and break the protocol's rules where a library would not.
 */

import { connect } from "node:net";
import type { Socket } from "node:net";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const FRAME_HEADER_BYTES = 9;
const MAX_WINDOW = 0x7fffffff;

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const ACK = 0x1;

export function frame(type: number, flags: number, stream: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + body.length);
  bytes.writeUIntBE(body.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  bytes.set(body, FRAME_HEADER_BYTES);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** HPACK literals that neither side has to remember (RFC 7541, section 6.2.2). */
export function grpcHeaders(path: string, authority: string): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  return Buffer.concat([
    // From the static table: POST, http, then :authority, :path and content-type with values.
    Buffer.of(0x83, 0x86, 0x01),
    text(authority),
    Buffer.of(0x04),
    text(path),
    Buffer.of(0x0f, 0x10),
    text("application/grpc"),
    Buffer.of(0x00),
    text("te"),
    text("trailers"),
  ]);
}

export interface RawConnection {
  /** Sends one call; the body is a gRPC frame. */
  call(headers: Buffer, body: Uint8Array): void;
  /** Bytes as they are. */
  write(bytes: Uint8Array): void;
  /** Calls without an answer yet. */
  readonly open: number;
  /** Calls whose stream ended, and those that were reset. */
  readonly ended: number;
  readonly reset: number;
  readonly closed: boolean;
  destroy(): void;
}

export interface RawOptions {
  readonly port: number;
  /** Address that it calls from, one of loopback's. */
  readonly from?: string;
}

export function connectRaw({ port, from }: RawOptions): RawConnection {
  const socket: Socket = connect({
    port,
    host: "127.0.0.1",
    ...(from === undefined ? {} : { localAddress: from }),
  });
  let next = 1;
  let [open, ended, reset] = [0, 0, 0];
  let closed = false;
  let rest: Buffer = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("close", () => closed = true);
  socket.write(PREFACE);
  socket.write(frame(FRAME.settings, 0, 0, new Uint8Array()));
  socket.write(frame(FRAME.window, 0, 0, uint32(MAX_WINDOW - 65_535)));
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= FRAME_HEADER_BYTES) {
      const length = rest.readUIntBE(at, 3);
      if (rest.length - at < FRAME_HEADER_BYTES + length) break;
      const [type, flags, stream] = [rest[at + 3]!, rest[at + 4]!, rest.readUInt32BE(at + 5)];
      at += FRAME_HEADER_BYTES + length;
      if (type === FRAME.settings && (flags & ACK) === 0) {
        socket.write(frame(FRAME.settings, ACK, 0, new Uint8Array()));
      } else if (type === FRAME.reset) {
        open--;
        reset++;
      } else if (stream > 0 && type <= FRAME.headers && (flags & END_STREAM) !== 0) {
        open--;
        ended++;
      }
    }
    rest = rest.subarray(at);
  });
  return {
    call(headers, body) {
      open++;
      socket.write(Buffer.concat([
        frame(FRAME.headers, END_HEADERS, next, headers),
        frame(FRAME.data, END_STREAM, next, body),
      ]));
      next += 2;
    },
    write: (bytes) => void socket.write(bytes),
    get open() {
      return open;
    },
    get ended() {
      return ended;
    },
    get reset() {
      return reset;
    },
    get closed() {
      return closed;
    },
    destroy: () => socket.destroy(),
  };
}
