import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { healthPortOf, startHealthServer } from "./health-server.ts";
import type { HealthServer } from "./health-server.ts";
import type { HealthReport } from "./report.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const WELL: HealthReport = {
  status: "healthy",
  ready: true,
  message: "",
  metrics: { processed_count: 7, success_count: 6, error_count: 1, "cdp.ledgers_processed": 5 },
  components: [
    { component_id: 'a"b\\', role: "sink", status: "healthy", metrics: { "files.written": 3 } },
    { component_id: "c", role: "source", status: "unhealthy", metrics: { "files.written": 4 } },
  ],
  labels: { pipeline: "p" },
};

describe("health server", () => {
  let server: HealthServer;
  let report = WELL;
  before(async () => {
    const started = await startHealthServer({ port: 0, report: () => report, log: quiet });
    assert.ok(started !== undefined);
    server = started;
  });
  after(() => server.close());
  const get = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, init);

  test("/health has the shape of the Go SDK's components", async () => {
    report = WELL;
    const response = await get("/health");
    assert.equal(response.status, 200);
    const body = await response.json() as Record<string, unknown>;
    assert.equal(body["status"], "healthy");
    assert.deepEqual(body["metrics"], WELL.metrics);
    assert.deepEqual(body["components"], WELL.components);
  });

  test("/health, /ready and /live tell different things", async () => {
    const statuses = async () =>
      await Promise.all(
        ["/health", "/ready", "/live"].map(async (path) => (await get(path)).status),
      );
    report = { ...WELL, status: "degraded", ready: false };
    assert.deepEqual(await statuses(), [200, 503, 200]);
    report = { ...WELL, status: "unhealthy", ready: true };
    assert.deepEqual(await statuses(), [503, 200, 200]);
    report = WELL;
    assert.deepEqual(await statuses(), [200, 200, 200]);
  });

  test("/metrics is Prometheus' text, or JSON for who asks for it", async () => {
    report = WELL;
    const text = await get("/metrics", { headers: { accept: "text/plain;version=0.0.4, */*" } });
    assert.match(text.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const lines = (await text.text()).split("\n");
    for (
      const line of [
        'flowctl_up{pipeline="p"} 1',
        'flowctl_component_processed_count{pipeline="p"} 7',
        'cdp_ledgers_processed{pipeline="p"} 5',
        'flowctl_component_files_written{pipeline="p",component_id="a\\"b\\\\",role="sink"} 3',
        'flowctl_component_healthy{pipeline="p",component_id="c",role="source"} 0',
      ]
    ) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(lines.some((line) => line.startsWith("process_resident_memory_bytes ")));
    for (
      const [path, accept] of [["/metrics?format=json", "*/*"], ["/metrics", "application/json"]]
    ) {
      const json = await get(path!, { headers: { accept: accept! } });
      const { metrics } = await json.json() as { metrics: Record<string, number> };
      assert.equal(metrics["success_count"], 6);
    }
    const chosen = await get("/metrics?format=prometheus", {
      headers: { accept: "application/json" },
    });
    assert.match(await chosen.text(), /^flowctl_up/m);
  });

  test("what there is not is 404, what cannot be done 405", async () => {
    assert.equal((await get("/nothing")).status, 404);
    const posted = await get("/health", { method: "POST", body: "x" });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get("allow"), "GET, HEAD");
  });

  test("a report that fails is a 500, and the server goes on", async () => {
    const failing = await startHealthServer({
      port: 0,
      log: quiet,
      report: () => {
        throw new Error("secret");
      },
    });
    const response = await fetch(`http://127.0.0.1:${failing!.port}/health`);
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /secret/);
    await failing!.close();
  });

  test("a taken port is a warning, not an error", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const { port } = holder.address() as AddressInfo;
    const warnings: string[] = [];
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) };
    assert.equal(await startHealthServer({ port, report: () => WELL, log }), undefined);
    assert.deepEqual(warnings, [`the health port ${port} cannot be had, going on without it`]);
    await new Promise((resolve) => holder.close(resolve));
  });

  test("HEALTH_PORT names the port", () => {
    assert.equal(healthPortOf({}), 8_088);
    assert.equal(healthPortOf({ HEALTH_PORT: "" }), 8_088);
    assert.equal(healthPortOf({ HEALTH_PORT: "18081" }), 18_081);
    for (const wrong of ["x", "65536", "-1", ":80"]) {
      assert.throws(() => healthPortOf({ HEALTH_PORT: wrong }), /HEALTH_PORT cannot be/);
    }
  });
});
