/** Nonsense of every kind to every call over every protocol, while somebody else goes on beating. */

import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { after, before, describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import type { DescMessage } from "@bufbuild/protobuf";
import { ServiceInfoSchema } from "../src/gen/proto/flowctl/control_plane_pb.js";
import { DEFAULT_LIMITS } from "../src/control/server/gate.ts";
import type { Rate } from "../src/control/server/rate-limit.ts";
import { callGrpc, framed } from "./support/grpc-call.ts";
import { startGuardedServer } from "./support/guarded-server.ts";
import type { GuardedServer } from "./support/guarded-server.ts";
import { controlServices } from "./support/control-services.ts";
import { startHeart } from "./support/heart.ts";
import type { Heart } from "./support/heart.ts";
import { randomBytes, randomJson, randomMessage } from "./support/fuzz-messages.ts";
import { randomNumbers } from "./support/random.ts";

const SEED = 20261120;
const ROUNDS = 6;
/** Everything that gRPC has a name for. */
const MAX_GRPC_STATUS = 16;
const MAX_GROWTH_BYTES = 400 * 1024 * 1024;
/** The bystander shares its thread with all who send nonsense; `scripts/bench control` is exact. */
const MAX_P99_MS = 1_500;

let server: GuardedServer;
let heart: Heart;

before(async () => {
  server = await startGuardedServer({ required: false });
  heart = await startHeart({ port: server.port, from: "127.0.0.1" });
});
after(async () => {
  await heart.stop();
  await server.stop();
});

/** Fails when a beat of the bystander failed since it began, or took too long since the last look. */
function check(heart: Heart): void {
  const { beats, failures, p99_ms } = heart.look();
  assert.equal(failures, 0);
  assert.ok(beats > 0, "it went on beating");
  assert.ok(p99_ms < MAX_P99_MS, `the bystander's p99 is ${p99_ms} ms`);
}

const methods = (await controlServices()).flatMap((service) =>
  service.methods.map((method) => ({
    path: `/${service.typeName}/${method.name}`,
    input: method.input,
  }))
);

type Send = (path: string, input: DescMessage, random: () => number) => Promise<void>;

async function ask(path: string, type: string, body: BodyInit, more: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method: "POST",
    body,
    headers: {
      "content-type": type,
      "connect-timeout-ms": "60",
      "grpc-timeout": "60m",
      connection: "close",
      ...more,
    },
  });
  const text = await response.text();
  assert.ok(response.status >= 200 && response.status < 600 && response.status !== 0);
  assert.ok(!/\bat .*\.(ts|js):\d+/.test(text), `no stack in ${text.slice(0, 300)}`);
  return { response, text };
}

describe("mutated messages to every call", () => {
  const protocols: Readonly<Record<string, Send>> = {
    "gRPC": async (path, input, random) => {
      const session = connectHttp2(server.url);
      session.on("error", () => {});
      const answer = await callGrpc(session, path, framed(randomMessage(input, random)), {
        "grpc-timeout": "60m",
      });
      session.destroy();
      assert.ok(answer.status >= 0 && answer.status <= MAX_GRPC_STATUS, `${path} ${answer.status}`);
      assert.notEqual(answer.status, 14, `${path}: the connection broke`);
    },
    "gRPC-Web": async (path, input, random) => {
      const body = new Uint8Array(framed(randomMessage(input, random)));
      const { response, text } = await ask(path, "application/grpc-web+proto", body);
      const status = response.headers.get("grpc-status") ?? /grpc-status: ?(\d+)/i.exec(text)?.[1];
      assert.ok(Number(status) <= MAX_GRPC_STATUS, `${path}: ${status}`);
    },
    "Connect, binary": async (path, input, random) => {
      await ask(path, "application/proto", randomMessage(input, random));
    },
    "Connect, JSON": async (path, input, random) => {
      await ask(path, "application/json", randomJson(input, random));
    },
    "Connect, streamed JSON": async (path, input, random) => {
      const json = new TextEncoder().encode(randomJson(input, random));
      const body = new Uint8Array(framed(json));
      await ask(path, "application/connect+json", body);
    },
  };

  for (const [index, [name, send]] of Object.entries(protocols).entries()) {
    test(`${name}: a proper answer to each, and the bystander unharmed`, async () => {
      const random = randomNumbers(SEED + index);
      const rss = process.memoryUsage().rss;
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(methods.map(({ path, input }) => send(path, input, random)));
      }
      check(heart);
      const growth = process.memoryUsage().rss - rss;
      assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more`);
    });
  }
});

test("REST: a proper answer to every path, method and body, and the bystander unharmed", async () => {
  const random = randomNumbers(SEED);
  const document = await (await fetch(`${server.url}/openapi.json`)).json() as {
    readonly paths: Readonly<Record<string, unknown>>;
  };
  const types = ["application/json", "application/yaml", "text/plain", "x", "multipart/form-data"];
  const bodies = [
    () => randomBytes(random() * 3_000, random),
    () => randomJson(ServiceInfoSchema, random),
    () => "a: &a [*a, *a]\n",
    () => `${"{".repeat(20_000)}`,
    () => `kind: Pipeline\nspec: {sources: [${"{},".repeat(2_000)}]}`,
    () =>
      Array.from({ length: 30 }, (_, n) => `x${n}: &x${n} [${`*x${n - 1},`.repeat(9)}]`).join("\n"),
  ];
  for (const path of Object.keys(document.paths)) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const url = server.url + path.replace(/\{\w+\}/g, () => encodeURIComponent("x/\u0000%é"));
      const sends = method !== "GET" && method !== "OPTIONS";
      for (const body of sends ? bodies : [() => undefined]) {
        const type = types[Math.floor(random() * types.length)]!;
        const made = body();
        const response = await fetch(url, {
          method,
          headers: { "content-type": type, connection: "close" },
          ...(made === undefined ? {} : { body: made }),
        });
        const text = await response.text();
        assert.ok(response.status >= 200 && response.status < 500, `${method} ${path}`);
        assert.ok(!/\bat .*\.(ts|js):\d+/.test(text), `no stack in ${text.slice(0, 300)}`);
      }
    }
  }
  check(heart);
});

describe("broken frames and requests", () => {
  const REGISTER = "/flowctl.ControlPlane/Register";

  test("gRPC frames that lie about their length or compression", async () => {
    const random = randomNumbers(SEED);
    const frames: Buffer[] = [Buffer.alloc(0), Buffer.from([0]), Buffer.from([0, 0, 0, 0])];
    for (const flag of [0, 1, 2, 127, 255]) {
      for (const length of [0, 1, 5, 4 * 1024 * 1024, 4 * 1024 * 1024 + 1, 0xffffffff]) {
        const frame = Buffer.alloc(5 + 3, random() * 256);
        frame.writeUInt8(flag, 0);
        frame.writeUInt32BE(length, 1);
        frames.push(frame);
      }
    }
    const session = connectHttp2(server.url);
    for (const frame of frames) {
      for (const headers of [{}, { "grpc-encoding": "gzip" }, { "grpc-encoding": "nonsense" }]) {
        const { status } = await callGrpc(session, REGISTER, frame, headers);
        assert.ok(
          status > 0 && status <= MAX_GRPC_STATUS,
          `status ${status} for ${frame.toString("hex")}`,
        );
        assert.notEqual(status, 14);
      }
    }
    session.destroy();
    check(heart);
  });

  test("an oversized message is refused by its length, not read", async () => {
    const session = connectHttp2(server.url);
    const { status } = await callGrpc(session, REGISTER, framed(new Uint8Array(5 * 1024 * 1024)));
    assert.equal(status, 8);
    session.destroy();
    const { response } = await ask(REGISTER, "application/json", `{"x":"${"a".repeat(5 << 20)}"}`);
    assert.ok(response.status === 429 || response.status === 413, `${response.status}`);
    check(heart);
  });

  test("a compressed bomb is refused", async () => {
    const { gzipSync } = await import("node:zlib");
    const bomb = gzipSync(new Uint8Array(200 * 1024 * 1024));
    const frame = framed(bomb);
    frame.writeUInt8(1, 0);
    const session = connectHttp2(server.url);
    const rss = process.memoryUsage().rss;
    const { status } = await callGrpc(session, REGISTER, frame, { "grpc-encoding": "gzip" });
    session.destroy();
    assert.equal(status, 8);
    assert.ok(process.memoryUsage().rss - rss < MAX_GROWTH_BYTES);
  });

  test("unknown calls, content types and methods", async () => {
    const session = connectHttp2(server.url);
    const unknown = await callGrpc(
      session,
      "/flowctl.ControlPlane/Nothing",
      framed(new Uint8Array()),
    );
    assert.notEqual(unknown.status, 0);
    session.destroy();
    const text = (type: string) =>
      ask(REGISTER, type, "{}").then(({ response }) => response.status);
    for (const type of ["text/plain", "application/xml", "application/grpc+nonsense", "x"]) {
      assert.equal(await text(type), 415, type);
    }
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      const response = await fetch(server.url + REGISTER, { method });
      await response.body?.cancel();
      assert.ok([405, 415].includes(response.status), `${method} ${response.status}`);
    }
  });

  test("bytes that are no HTTP, giant and many headers, impossible hosts", async () => {
    const random = randomNumbers(SEED);
    const head = `POST ${REGISTER} HTTP/1.1\r\n`;
    const end =
      "content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    const requests: (string | Uint8Array)[] = [
      `${head}host: localhost\r\nx: ${"a".repeat(200_000)}\r\n${end}`,
      `${head}host: localhost\r\n${"x: y\r\n".repeat(20_000)}${end}`,
      `${head}host: a b\r\n${end}`,
      `${head}host: [::\r\n${end}`,
      `GET http://[::bad/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      `GET /api/services/%ff%00 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all, but long enough to be read as one",
      ...Array.from({ length: 40 }, () => randomBytes(1 + random() * 4_000, random)),
    ];
    for (const request of requests) {
      await new Promise<void>((resolve) => {
        const socket = connectTcp(server.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.on("close", () => resolve());
        socket.on("data", () => {});
        socket.write(request);
        // Some of the random ones look like the beginning of a request, which is waited for.
        setTimeout(() => socket.destroy(), 150);
      });
    }
    check(heart);
  });

  test("a peer that registers in a circle is throttled, its heartbeats and others are not", async () => {
    // A rate that every machine exceeds from one thread; the real one is 500 a second.
    const registrations: Rate = { per_second: 0.01, burst: 100 };
    const own = await startGuardedServer({
      required: false,
      limits: { ...DEFAULT_LIMITS, registrations },
    });
    const beside = await startHeart({ port: own.port, from: "127.0.0.1" });
    const sessions = Array.from({ length: 8 }, () => connectHttp2(own.url));
    const statuses = new Map<number, number>();
    const begin = performance.now();
    let n = 0;
    const flood = async (session: (typeof sessions)[number]) => {
      while (performance.now() - begin < 2_000) {
        const info = create(ServiceInfoSchema, { componentId: `flood-${n++}` });
        const frame = framed(toBinary(ServiceInfoSchema, info));
        const { status } = await callGrpc(session, REGISTER, frame);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(
      sessions.flatMap((session) => Array.from({ length: 16 }, () => flood(session))),
    );
    const seconds = (performance.now() - begin) / 1_000;
    for (const session of sessions) session.destroy();
    const most = registrations.burst + registrations.per_second * seconds + 1;
    assert.ok((statuses.get(0) ?? 0) <= most, `${statuses.get(0)} let in`);
    assert.ok((statuses.get(8) ?? 0) > 0, JSON.stringify([...statuses]));
    assert.deepEqual([...statuses.keys()].sort(), [0, 8]);
    check(beside);
    await beside.stop();
    const response = await fetch(own.url + REGISTER, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    assert.equal(response.status, 429);
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    assert.equal((await response.json() as { code: string }).code, "resource_exhausted");
    await own.stop();
  });

  test("when all is over, nothing is left open", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.ok(server.connections() <= 10, `${server.connections()} connections`);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  });
});
