import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { register, startRestServer } from "../../../tests/support/rest-server.ts";
import type { Server } from "../server/start-server.ts";
import { MAX_URL } from "./app.ts";
import { MAX_EVENT_STREAMS } from "./events.ts";
import { MAX_BODY_BYTES } from "./node-handler.ts";

let server: Server;
before(async () => {
  server = await startRestServer();
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

async function ask(path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(server.url + path, init);
  const text = await response.text();
  const json = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    body: json && text !== "" ? JSON.parse(text) : text,
    headers: response.headers,
  };
}

interface Services {
  readonly services: readonly { readonly service_id: string }[];
  readonly total: number;
  readonly next?: string;
}

describe("services over REST", () => {
  before(() => {
    for (let i = 0; i < 25; i++) {
      register(server, {
        id: `p${i % 2}/c${String(i).padStart(2, "0")}`,
        role: i % 5 === 0 ? "sink" : "source",
        metadata: { pipeline: `p${i % 2}` },
        metrics: { ledgers_processed: i },
      });
    }
  });

  test("all pages together are all services, once each, in order", async () => {
    const seen: string[] = [];
    let after = "";
    for (let pages = 0; pages < 10; pages++) {
      const { body } = await ask(`/api/services?limit=7&after=${encodeURIComponent(after)}`);
      const { services, total, next } = body as Services;
      assert.equal(total - seen.length >= services.length, true);
      seen.push(...services.map(({ service_id }) => service_id));
      if (next === undefined) break;
      after = next;
    }
    assert.equal(seen.length, 25);
    assert.deepEqual(seen, [...new Set(seen)].toSorted());
  });

  test("filters leave what fits", async () => {
    const count = async (query: string) =>
      ((await ask(`/api/services?${query}`)).body as Services).total;
    assert.equal(await count("pipeline=p1"), 12);
    assert.equal(await count("type=sink"), 5);
    assert.equal(await count("type=sink&pipeline=p0"), 3);
    assert.equal(await count("healthy=false"), 0);
    server.plane.registry.deregister("p0/c00");
    assert.equal(await count(""), 24);
    assert.equal(await count("include_gone=true"), 25);
    assert.equal(await count("status=gone"), 1);
  });

  test("an id may hold slashes, plain or escaped", async () => {
    for (const path of ["/api/services/p1/c01", "/api/services/p1%2Fc01"]) {
      const { status, body } = await ask(path);
      assert.equal(status, 200);
      const service = body as Record<string, unknown>;
      assert.equal(service["service_id"], "p1/c01");
      assert.deepEqual(service["metrics"], { ledgers_processed: 1 });
      assert.match(String(service["last_heartbeat"]), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
  });
});

describe("runs over REST", () => {
  test("stopping asks the run; what is not there is 404", async () => {
    await server.plane.runs.create({
      run_id: "r",
      pipeline_name: "p",
      config_yaml: "",
      component_ids: [],
    });
    const { status, body } = await ask("/api/runs/r/stop", { method: "POST" });
    assert.equal(status, 202);
    assert.equal((body as { stop_requested: boolean }).stop_requested, true);
    assert.equal((await ask("/api/runs/none/stop", { method: "POST" })).status, 404);
    await sleep(1_000);
    const audit = await server.plane.store.listAudit(0, 10);
    assert.deepEqual(audit.map(({ action, outcome, actor }) => [action, outcome, actor]), [
      ["POST /api/runs/r/stop", "done", "local"],
      ["POST /api/runs/none/stop", "failed: 404", "local"],
    ]);
    assert.equal((await ask("/api/runs/none/chunks")).status, 404);
    assert.equal((await ask("/api/runs?pipeline=other")).status, 200);
  });
});

describe("what REST refuses", () => {
  const errorOf = ({ body }: Answer) => (body as { error: { code: string; hint?: string } }).error;

  test("a path that is not there, a method that is not", async () => {
    const nowhere = await ask("/api/nothing");
    assert.equal(nowhere.status, 404);
    assert.equal(errorOf(nowhere).code, "control/not-found");
    const wrong = await ask("/api/services", { method: "DELETE" });
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.get("allow"), "GET, HEAD, OPTIONS");
    const options = await ask("/api/runs/x/stop", { method: "OPTIONS" });
    assert.deepEqual([options.status, options.headers.get("allow")], [204, "POST, OPTIONS"]);
    assert.equal(options.headers.get("access-control-allow-origin"), null);
    const head = await ask("/api/services", { method: "HEAD" });
    assert.deepEqual([head.status, head.body], [200, ""]);
  });

  test("parameters that are wrong or unknown, with what there is", async () => {
    const wrong = await ask("/api/services?limit=0&limitt=5");
    assert.equal(wrong.status, 400);
    const { code, hint } = errorOf(wrong);
    assert.equal(code, "control/invalid-request");
    assert.match(hint ?? "", /pipeline, .*limit/);
  });

  test("a body or URL beyond its limit, and goes on", async () => {
    const over = await new Promise<number>((resolve, reject) => {
      const sent = request(`${server.url}/api/runs/r/stop`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on("error", reject);
      sent.write(Buffer.alloc(MAX_BODY_BYTES));
      sent.write(Buffer.alloc(1));
    });
    assert.equal(over, 413);
    const long = await ask(`/api/services?pipeline=${"x".repeat(MAX_URL)}`);
    assert.equal(long.status, 414);
    assert.equal((await ask("/healthz")).status, 200);
  });
});

describe("health", () => {
  test("a source that lags fails stellar_network_sync alone, by more than the limit", async () => {
    const lag = async (last_sequence: number, metadata: Record<string, string> = {}) => {
      register(server, {
        id: "lag/lake",
        metadata: { pipeline: "lag", network: "testnet", ...metadata },
        metrics: { last_sequence, network_ledger: 5_000 },
      });
      return (await ask("/healthz/stellar_network_sync")).status;
    };
    assert.equal(await lag(4_000), 200);
    assert.equal(await lag(3_999), 503);
    const { status, body } = await ask("/healthz");
    assert.deepEqual([status, (body as { status: string }).status], [200, "degraded"]);
    const pipeline = await ask("/api/pipelines/lag");
    assert.equal((pipeline.body as { lag_ledgers: number }).lag_ledgers, 1_001);
    assert.equal(await lag(1, { processing_mode: "batch" }), 200);
    server.plane.registry.deregister("lag/lake");
  });

  test("one source that knows the network's newest ledger speaks for the others", async () => {
    register(server, { id: "a", metadata: { network: "n" }, metrics: { last_sequence: 1 } });
    register(server, {
      id: "b",
      metadata: { network: "other" },
      metrics: { network_ledger: 9_999 },
    });
    assert.equal((await ask("/healthz/stellar_network_sync")).status, 200);
    register(server, { id: "c", metadata: { network: "n" }, metrics: { network_ledger: 1_002 } });
    assert.equal((await ask("/healthz/stellar_network_sync")).status, 503);
    for (const id of ["a", "b", "c"]) server.plane.registry.deregister(id);
  });
});

describe("events as a stream", () => {
  const told = (id: string, at_ms: number, kind = "test.told") =>
    server.plane.addEvents([{
      id,
      at_ms,
      kind,
      pipeline: "p",
      run_id: "",
      component_id: "",
      service_id: "",
      message: "line one\nline two",
      fields: {},
    }]);

  /** Reads until `count` events have come; returns their ids, of the protocol and of the event. */
  async function read(path: string, count: number, init: RequestInit = {}) {
    const abort = new AbortController();
    const response = await fetch(server.url + path, { ...init, signal: abort.signal });
    assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    let text = "";
    const events: { id: string; data: { id: string } }[] = [];
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (id !== undefined && data !== undefined) events.push({ id, data: JSON.parse(data) });
      }
      if (events.length >= count) break;
    }
    abort.abort();
    return events;
  }

  test("what is told from now on comes, filtered", async () => {
    const reading = read("/api/events?follow=true&kind=test.", 2);
    await sleep(100);
    await told("live-0", 100, "other.kind");
    await told("live-1", 100);
    await told("live-2", 200);
    assert.deepEqual((await reading).map(({ data }) => data.id), ["live-1", "live-2"]);
  });

  test("a reader that comes back gets what it missed, then goes on", async () => {
    const accept = { accept: "text/event-stream" };
    for (const [at, id] of ["back-1", "back-2", "back-3"].entries()) {
      await told(id, 1_000 + at, "b.x");
    }
    const first = await read("/api/events?kind=b.&limit=2", 2, { headers: accept });
    assert.deepEqual(first.map(({ data }) => data.id), ["back-2", "back-3"]);
    // Told late, for a time long before.
    await told("back-late", 5, "b.x");
    const headers = { ...accept, "last-event-id": first[0]!.id };
    const reading = read("/api/events?kind=b.", 3, { headers });
    await sleep(100);
    await told("back-4", 1_010, "b.x");
    assert.deepEqual((await reading).map(({ data }) => data.id), ["back-3", "back-late", "back-4"]);
  });

  test("a reader that left is forgotten, and too many are refused", async () => {
    const { events } = server.plane;
    const gone = async () => {
      const deadline = Date.now() + 5_000;
      while (events.watchers > 0 && Date.now() < deadline) await sleep(10);
      assert.equal(events.watchers, 0);
    };
    await gone();
    // Bare sockets: a fetch has a limit of its own on connections.
    const sockets = await Promise.all(
      Array.from({ length: MAX_EVENT_STREAMS }, () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
          socket.once("error", reject);
          socket.once("data", (data) => {
            assert.match(data.toString(), /^HTTP\/1\.1 200 /);
            resolve(socket);
          });
          socket.write("GET /api/events?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
        })),
    );
    const over = await ask("/api/events?follow=true");
    assert.equal(over.status, 429);
    for (const socket of sockets) socket.destroy();
    await gone();
    const reading = read("/api/events?follow=true&kind=again", 1);
    await sleep(100);
    await told("again", 1, "again");
    assert.equal((await reading).length, 1);
  });
});
