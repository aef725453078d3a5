/** What HTTP/2 allows and nobody in good faith does, while somebody else goes on beating. */

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { randomBytes } from "./support/fuzz-messages.ts";
import { framed } from "./support/grpc-call.ts";
import { startGuardedServer } from "./support/guarded-server.ts";
import type { GuardedServer } from "./support/guarded-server.ts";
import { startHeart } from "./support/heart.ts";
import { randomNumbers } from "./support/random.ts";
import { connectRaw, FRAME, frame, grpcHeaders } from "./support/raw-http2.ts";
import type { RawConnection } from "./support/raw-http2.ts";

const TIMES = 20_000;
const MAX_GROWTH_BYTES = 300 * 1024 * 1024;
const MAX_P99_MS = 1_500;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;

let server: GuardedServer;

before(async () => {
  server = await startGuardedServer({ required: false });
});
after(() => server.stop());

const register = () => grpcHeaders("/flowctl.ControlPlane/Register", `127.0.0.1:${server.port}`);
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const many = (line: RawConnection, one: (n: number) => Uint8Array) => {
  for (let n = 0; n < TIMES; n += 500) {
    line.write(Buffer.concat(Array.from({ length: 500 }, (_, at) => one(n + at))));
  }
};

const abuses: Readonly<Record<string, (line: RawConnection) => void>> = {
  "streams that are reset as soon as they are opened": (line) =>
    many(line, (n) =>
      Buffer.concat([
        frame(FRAME.headers, END_HEADERS, 2 * n + 1, register()),
        frame(FRAME.reset, 0, 2 * n + 1, uint32(8)),
      ])),
  "far more streams than it may open": (line) =>
    many(line, (n) => frame(FRAME.headers, END_HEADERS, 2 * n + 1, register())),
  "settings that change and change": (line) =>
    many(line, (n) => frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.of(0, 3), uint32(n)]))),
  "pings": (line) => many(line, (n) => frame(FRAME.ping, 0, 0, Buffer.alloc(8, n % 256))),
  "headers that never end": (line) => {
    line.write(frame(FRAME.headers, 0, 1, register()));
    many(line, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(64, 0x40)));
  },
  "headers beyond the limit": (line) => {
    const long = Buffer.concat([Buffer.of(0x00, 1), Buffer.from("x"), Buffer.of(0x7f, 0x81, 0x7e)]);
    line.write(frame(FRAME.headers, 0, 1, Buffer.concat([register(), long])));
    for (let n = 0; n < 100; n++) {
      line.write(frame(FRAME.continuation, 0, 1, Buffer.alloc(16_000, 97)));
    }
  },
  "empty data frames": (line) => {
    line.write(frame(FRAME.headers, END_HEADERS, 1, register()));
    many(line, () => frame(FRAME.data, 0, 1, new Uint8Array()));
  },
  "windows that overflow": (line) =>
    many(line, () => frame(FRAME.window, 0, 0, uint32(0x7fffffff))),
  "a body of 50 MB": (line) => {
    const body = framed(new Uint8Array(50_000_000));
    line.write(frame(FRAME.headers, END_HEADERS, 1, register()));
    for (let at = 0; at < body.length; at += 16_384) {
      line.write(frame(FRAME.data, 0, 1, body.subarray(at, at + 16_384)));
    }
    line.write(frame(FRAME.data, END_STREAM, 1, new Uint8Array()));
  },
  "frames at random": (line) => {
    const random = randomNumbers(20261120);
    for (let n = 0; n < 2_000; n++) {
      const type = Math.floor(random() * 12);
      const flags = Math.floor(random() * 256);
      line.write(frame(type, flags, Math.floor(random() * 9), randomBytes(random() * 60, random)));
    }
  },
};

describe("abuse of HTTP/2", () => {
  for (const [what, abuse] of Object.entries(abuses)) {
    test(`${what}: bounded memory, and others beat on`, { timeout: 60_000 }, async () => {
      const heart = await startHeart({ port: server.port, from: "127.0.0.2" });
      const rss = process.memoryUsage.rss();
      const line = connectRaw({ port: server.port });
      abuse(line);
      await sleep(1_500);
      line.destroy();
      await sleep(100);
      const { p99_ms, beats, failures } = heart.look();
      await heart.stop();
      assert.ok(beats > 0 && failures === 0, `${beats} beats, ${failures} failed`);
      assert.ok(p99_ms < MAX_P99_MS, `p99 ${p99_ms} ms`);
      const growth = process.memoryUsage.rss() - rss;
      assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more`);
    });
  }

  test("afterwards nothing is left open, and a new client is served", async () => {
    for (let n = 0; n < 100 && server.connections() > 5; n++) await sleep(50);
    assert.ok(server.connections() <= 5, `${server.connections()} connections`);
    const response = await fetch(`${server.url}/healthz`);
    assert.equal(response.status, 200);
  });
});
