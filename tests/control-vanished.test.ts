/** Readers that vanish without a word: what the server keeps for them, and for how long. */

import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeHandler, TAKE_TIMEOUT_MS } from "../src/control/rest/node-handler.ts";
import { PING_INTERVAL_MS, PING_TIMEOUT_MS } from "../src/control/server/pulse.ts";
import { startTestServer } from "./support/control-server.ts";
import { framed } from "./support/grpc-call.ts";
import { until } from "./support/fleet.ts";
import { startPartitionProxy } from "./support/partition-proxy.ts";

const WATCHERS = 50;
const WATCH = "/flowctl.control.v1.ServicesService/WatchServices";
/** The connections are looked at once a second. */
const LOOK_MS = 2_500;
/** Larger than what the systems on the way hold. */
const CHUNK_BYTES = 256 * 1024;

test("streams of HTTP/2 connections that vanished are ended, others go on", {
  timeout: 60_000,
}, async () => {
  let ahead_ms = 0;
  const clock = { now: () => Date.now(), monotonic: () => performance.now() + ahead_ms };
  const server = await startTestServer({ clock });
  await using wire = await startPartitionProxy(server.port);
  const watch = (port: number) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const headers = { "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ":method": "POST", ":path": WATCH, ...headers });
    stream.on("error", () => {});
    stream.on("data", () => {});
    stream.end(framed(new Uint8Array()));
    return session;
  };
  const vanishing = Array.from({ length: WATCHERS }, () => watch(wire.port));
  const steady = watch(server.port);
  const { services } = server.plane;
  await until("all watch", () => services.watchers === WATCHERS + 1);

  // Everybody answers: nobody is sent away.
  for (const ms of [PING_INTERVAL_MS, PING_TIMEOUT_MS]) {
    ahead_ms += ms;
    await sleep(LOOK_MS);
  }
  assert.equal(services.watchers, WATCHERS + 1);

  wire.cut("both");
  ahead_ms += PING_INTERVAL_MS;
  await sleep(LOOK_MS);
  assert.equal(services.watchers, WATCHERS + 1, "they have time to answer");
  ahead_ms += PING_TIMEOUT_MS;
  await until("the streams are ended", () => services.watchers === 1, 2 * LOOK_MS);
  await until("and their connections", () => server.connections() === 1, LOOK_MS);
  assert.ok(!steady.closed && !steady.destroyed);
  for (const session of [...vanishing, steady]) session.destroy();
  await server.stop();
});

test("an answer of HTTP/1.1 that nobody takes any more is given up", {
  timeout: 60_000,
}, async () => {
  const timeout_ms = 2_000;
  assert.ok(timeout_ms < TAKE_TIMEOUT_MS);
  let cancelled = false;
  let made = 0;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        made += CHUNK_BYTES;
        controller.enqueue(new Uint8Array(CHUNK_BYTES));
      },
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
  const server = await startTestServer({
    http: () => nodeHandler(() => new Response(endless()), undefined, timeout_ms),
  });
  await using wire = await startPartitionProxy(server.port);
  const socket = connect(wire.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET /endless HTTP/1.1\r\nhost: localhost\r\n\r\n");
  let taken = 0;
  socket.on("data", (bytes: Uint8Array) => taken += bytes.byteLength);
  await until("it comes", () => taken > CHUNK_BYTES);
  wire.cut("both");
  await until("it is given up", () => cancelled && server.connections() === 0, 10 * timeout_ms);
  const then = made;
  await sleep(200);
  assert.equal(made, then);
  socket.destroy();
  await server.stop();
});
