/** A server that is asked to stop: at once where nothing goes on, and no answer is cut short. */

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { startRestServer } from "../../../tests/support/rest-server.ts";
import { AgentsService } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";

/** Far below the grace of two seconds that calls get. */
const AT_ONCE_MS = 1_000;

async function closed(server: Awaited<ReturnType<typeof startRestServer>>): Promise<number> {
  const begin = performance.now();
  await server.close();
  return performance.now() - begin;
}

test("idle connections of every kind do not hold it up", async () => {
  const server = await startRestServer();
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    get(`${server.url}/healthz`, { agent }, (answer) => answer.resume().on("end", resolve))
      .on("error", reject);
  });
  const session = connectHttp2(server.url);
  session.on("error", () => {});
  await new Promise((resolve) => session.once("connect", resolve));
  const silent = connectTcp(Number(new URL(server.url).port), "127.0.0.1");
  silent.on("error", () => {});
  await new Promise((resolve) => silent.once("connect", resolve));
  await createClient(ServicesService, createGrpcTransport({ baseUrl: server.url })).listServices(
    {},
  );
  const took = await closed(server);
  assert.ok(took < AT_ONCE_MS, `${took} ms`);
  session.destroy();
  silent.destroy();
  agent.destroy();
});

test("streams end, and say that the server went; clients come back to another", async () => {
  const server = await startRestServer();
  const outcomes: Promise<unknown>[] = [];
  const follow = async (stream: AsyncIterable<unknown>) => {
    for await (const _ of stream);
  };
  for (
    const transport of [
      createGrpcTransport({ baseUrl: server.url }),
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
    ]
  ) {
    const agents = createClient(AgentsService, transport);
    await agents.join({ name: "edge", instance: "i" });
    for (
      const stream of [
        createClient(ServicesService, transport).watchServices({}),
        createClient(TelemetryService, transport).watchEvents({}),
        agents.watchAssignments({ name: "edge", instance: "i" }),
      ]
    ) outcomes.push(follow(stream).catch((error: unknown) => ConnectError.from(error).code));
  }
  outcomes.push(fetch(`${server.url}/api/events?follow=true`).then((answer) => answer.text()));
  await sleep(200);
  const took = await closed(server);
  assert.ok(took < AT_ONCE_MS, `${took} ms`);
  const wrong = (await Promise.all(outcomes)).slice(0, -1).filter((code) =>
    code !== undefined && code !== Code.Unavailable && code !== Code.Aborted
  );
  assert.deepEqual(wrong, []);
});

test("a call that goes on is answered before the server ends", async () => {
  const server = await startRestServer();
  const port = Number(new URL(server.url).port);
  const body = JSON.stringify({ componentId: "late" });
  const socket = connectTcp(port, "127.0.0.1");
  let answer = "";
  const over = new Promise((resolve) => socket.once("close", resolve));
  socket.setEncoding("utf8").on("data", (text: string) => answer += text);
  socket.write(
    "POST /flowctl.ControlPlane/Register HTTP/1.1\r\nHost: localhost\r\n" +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await sleep(100);
  const closing = closed(server);
  await sleep(100);
  socket.write(body);
  const took = await closing;
  await over;
  assert.match(answer, /^HTTP\/1.1 200 /);
  assert.match(answer, /"serviceId":"late"/);
  assert.ok(took < AT_ONCE_MS, `${took} ms`);
});
