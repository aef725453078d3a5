import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import fc from "fast-check";
import { ControlPlane } from "../../gen/proto/flowctl/control_plane_pb.js";
import { systemClock } from "../../runtime/clock.ts";
import { transportTo } from "../client/endpoint.ts";
import { startControlPlane } from "../control-plane.ts";
import { serve } from "../server/serve.ts";
import { openStore } from "../store/open-store.ts";
import { parseTraceParent, traceParentText } from "./trace-parent.ts";
import {
  currentTraceParent,
  inSpan,
  startTracing,
  traceAnswers,
  tracingWanted,
} from "./tracing.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

interface WireSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
}

interface Received {
  readonly path: string;
  readonly type: string;
  readonly service: string;
  readonly spans: readonly WireSpan[];
}

/** Takes what an OTLP collector would; decodes JSON, counts the rest. */
function receiver(): Promise<{ server: Server; url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const type = request.headers["content-type"] ?? "";
    const body = Buffer.concat(chunks);
    const decoded = type === "application/json"
      ? JSON.parse(body.toString()) as {
        resourceSpans: {
          resource: { attributes: { key: string; value: { stringValue: string } }[] };
          scopeSpans: { spans: WireSpan[] }[];
        }[];
      }
      : { resourceSpans: [] };
    const attributes = decoded.resourceSpans[0]?.resource.attributes ?? [];
    received.push({
      path: request.url ?? "",
      type,
      service: attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "",
      spans: decoded.resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans)
      ),
    });
    response.writeHead(200, { "content-type": type });
    response.end(type === "application/json" ? "{}" : "");
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resolve({ server, url: `http://127.0.0.1:${port}`, received });
    });
  });
}

describe("tracing", () => {
  let collector: Awaited<ReturnType<typeof receiver>>;
  before(async () => {
    collector = await receiver();
  });
  after(() => collector.server.close());

  test("a call is one trace across the wire: work, client, server", async () => {
    const plane = await startControlPlane({
      store: await openStore("memory", ""),
      clock: systemClock,
      log: quiet,
      history_ms: 1,
    });
    const listener = await serve({
      plane,
      host: "127.0.0.1",
      port: 0,
      tls: undefined,
      interceptors: [traceAnswers],
      http: (_request, response) => void response.end(),
    });
    const stop = await startTracing({
      endpoint: `${collector.url}/`,
      serviceName: "flowctl-test",
      env: { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
      log: quiet,
    });
    const client = createClient(
      ControlPlane,
      transportTo({ endpoint: `127.0.0.1:${listener.port}` }),
    );
    let parent: string | undefined;
    await inSpan("work", "internal", async () => {
      parent = currentTraceParent();
      await client.listServices({});
    });
    await client.heartbeat({ serviceId: "nobody" }).catch(() => {});
    await assert.rejects(client.getPipelineRun({ runId: "none" }));
    await stop();
    await listener.close(0);
    await plane.close();

    const spans = collector.received.flatMap((one) => one.spans);
    assert.ok(collector.received.every(({ path }) => path === "/v1/traces"));
    assert.equal(collector.received[0]?.service, "flowctl-test");
    const named = (name: string, kind: number) => {
      const found = spans.filter((span) => span.name === name && span.kind === kind);
      assert.equal(found.length, 1, `${name} of kind ${kind}`);
      return found[0]!;
    };
    const work = named("work", 1);
    const made = named("flowctl.ControlPlane/ListServices", 3);
    const answered = named("flowctl.ControlPlane/ListServices", 2);
    assert.equal(parent, `00-${work.traceId}-${work.spanId}-01`);
    assert.equal(work.parentSpanId ?? "", "");
    assert.deepEqual([made.traceId, made.parentSpanId], [work.traceId, work.spanId]);
    assert.deepEqual([answered.traceId, answered.parentSpanId], [work.traceId, made.spanId]);
    assert.equal(named("flowctl.ControlPlane/GetPipelineRun", 2).status?.code, 2);
    assert.ok(!spans.some(({ name }) => name.endsWith("Heartbeat")), "heartbeats make no traces");
  });

  test("protobuf is what collectors get unless they ask for JSON", async () => {
    const before = collector.received.length;
    const stop = await startTracing({
      endpoint: collector.url,
      serviceName: "flowctl-test",
      env: {},
      log: quiet,
    });
    await inSpan("work", "internal", async () => {});
    await stop();
    assert.equal(collector.received.length, before + 1);
    assert.equal(collector.received.at(-1)?.type, "application/x-protobuf");
  });

  test("off, it does nothing and costs no header", async () => {
    const stop = await startTracing({ endpoint: undefined, serviceName: "x", env: {}, log: quiet });
    await inSpan("work", "internal", async () => assert.equal(currentTraceParent(), undefined));
    await stop();
  });

  test("a collector that is away holds nothing up", async () => {
    const stop = await startTracing({
      endpoint: "http://127.0.0.1:9",
      serviceName: "x",
      env: {},
      log: quiet,
    });
    const begin = performance.now();
    await inSpan("work", "internal", async () => {});
    await stop();
    assert.ok(performance.now() - begin < 5_000);
  });

  test("the environment's variables decide whether it is on", () => {
    const wanted = (env: Record<string, string>) => tracingWanted({ endpoint: undefined, env });
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
    assert.equal(wanted({}), false);
    assert.equal(wanted(endpoint), true);
    assert.equal(wanted({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:4318/x" }), true);
    assert.equal(wanted({ ...endpoint, OTEL_SDK_DISABLED: "TRUE" }), false);
    assert.equal(wanted({ ...endpoint, OTEL_TRACES_EXPORTER: "none" }), false);
  });
});

describe("traceparent", () => {
  const hex = (digits: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => !/^0+$/.test(text));

  test("what is written is read back", () => {
    fc.assert(fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      const ref = { traceId, spanId, sampled };
      assert.deepEqual(parseTraceParent(traceParentText(ref)), ref);
    }));
  });

  test("what is no header is no parent", () => {
    const good = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    assert.ok(parseTraceParent(good));
    assert.ok(parseTraceParent(`cc${good.slice(2)}-what-comes`));
    for (
      const wrong of [
        "",
        null,
        undefined,
        `${good}-more`,
        `ff${good.slice(2)}`,
        good.toUpperCase(),
        good.replace(/a/g, "0"),
        good.replace(/b/g, "0"),
      ]
    ) {
      assert.equal(parseTraceParent(wrong), undefined);
    }
  });
});
