import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import {
  ChunkStatus,
  ControlPlane as Protocol,
  RunStatus,
  ServiceType,
} from "../../gen/proto/flowctl/control_plane_pb.js";
import { ServicesService, WorkStatus } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { ComponentType, HealthStatus } from "../../gen/proto/flowctl/v1/common_pb.js";
import { ControlPlaneService } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import { startTestServer } from "../../../tests/support/control-server.ts";
import type { TestServer } from "../../../tests/support/control-server.ts";

let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(() => server.stop());

const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  "gRPC": (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
  "Connect over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
};

for (const [name, transportTo] of Object.entries(transports)) {
  describe(`control plane over ${name}`, () => {
    const client = () => transportTo(`http://127.0.0.1:${server.port}`);
    const id = `c-${name.replace(/\W+/g, "-")}`;

    test("what registers over one protocol is seen over all, with its metrics", async () => {
      const first = createClient(Protocol, client());
      const ack = await first.register({
        componentId: id,
        serviceType: ServiceType.SOURCE,
        outputEventTypes: ["stellar.ledger.v1"],
        metadata: { pipeline: id },
      });
      assert.equal(ack.serviceId, id);
      await first.heartbeat({ serviceId: id, metrics: { ledgers_processed: 12 } });
      const { services } = await first.listServices({});
      const seen = services.find((service) => service.serviceId === id);
      assert.equal(seen?.metrics["ledgers_processed"], 12);
      assert.equal(seen?.isHealthy, true);

      const second = createClient(ControlPlaneService, client());
      const { components } = await second.discoverComponents({
        type: ComponentType.SOURCE,
        eventTypes: ["stellar.ledger.v1", "other"],
        metadataFilters: { pipeline: id },
      });
      assert.deepEqual(components.map((component) => component.id), [id]);
      const status = await second.getComponentStatus({ serviceId: id });
      assert.equal(status.status, HealthStatus.HEALTHY);
      assert.equal(status.metrics["ledgers_processed"], "12");
    });

    test("a v1 client that is well and says UNKNOWN stays healthy; one that is not is told", async () => {
      const second = createClient(ControlPlaneService, client());
      const { serviceId } = await second.registerComponent({
        component: { name: "x", type: ComponentType.CONSUMER },
        componentId: `${id}-v1`,
      });
      await second.heartbeat({ serviceId, metrics: { n: "1.5", junk: "abc" } });
      const state = async () => (await second.getComponentStatus({ serviceId })).status;
      assert.equal(await state(), HealthStatus.HEALTHY);
      await second.heartbeat({ serviceId, status: HealthStatus.UNHEALTHY });
      assert.equal(await state(), HealthStatus.UNHEALTHY);
      await second.unregisterComponent({ serviceId });
      const listed = await second.listComponents({ includeUnhealthy: true });
      assert.ok(!listed.components.some((c) => c.component?.id === serviceId));
    });

    test("a run's history and its chunks", async () => {
      const first = createClient(Protocol, client());
      const { runId } = await first.createPipelineRun({ pipelineName: id, configYaml: "x: 1" });
      await first.updatePipelineRun({ runId, status: RunStatus.RUNNING });
      const metrics = { eventsProcessed: 9_007_199_254_740_993n };
      await first.updatePipelineRun({ runId, status: RunStatus.COMPLETED, metrics });
      const late = await first.updatePipelineRun({ runId, status: RunStatus.RUNNING });
      assert.equal(late.status, RunStatus.COMPLETED);
      const { runs } = await first.listPipelineRuns({ pipelineName: id });
      assert.equal(runs[0]?.metrics?.eventsProcessed, 9_007_199_254_740_993n);
      assert.ok(runs[0]?.endTime !== undefined);
      const chunk = await first.upsertChunkRun({
        chunk: {
          pipelineRunId: runId,
          componentId: "c",
          chunkStart: 1n,
          chunkEnd: 10n,
          attempt: 2,
          status: ChunkStatus.VERIFIED,
        },
      });
      assert.equal(chunk.chunkId, `${runId}:c:1-10:2`);
      const { chunks } = await first.listChunkRuns({ pipelineRunId: runId });
      assert.equal(chunks.length, 1);
    });

    test("unknown ids are NOT_FOUND", async () => {
      const isNotFound = (error: unknown) => ConnectError.from(error).code === Code.NotFound;
      const first = createClient(Protocol, client());
      await assert.rejects(first.heartbeat({ serviceId: "sim-x-1" }), isNotFound);
      await assert.rejects(first.getPipelineRun({ runId: "none" }), isNotFound);
      await assert.rejects(first.getChunkRun({ chunkId: "none" }), isNotFound);
    });

    test("a watch begins with everything and tells each change", async () => {
      const own = createClient(ServicesService, client());
      const first = createClient(Protocol, client());
      const stop = new AbortController();
      const pipeline = `${id}-watch`;
      const watch = own.watchServices({ pipeline }, { signal: stop.signal })
        [Symbol.asyncIterator]();
      const next = async () => {
        const result = await watch.next();
        assert.ok(result.done !== true);
        return result.value;
      };
      const snapshot = await next();
      assert.equal(snapshot.snapshot, true);
      assert.equal(snapshot.services.length, 0);
      await first.register({ componentId: `${id}-w`, metadata: { pipeline } });
      const change = await next();
      assert.deepEqual(change.services.map((s) => s.serviceId), [`${id}-w`]);
      await own.reportStatus({ serviceId: `${id}-w`, work: WorkStatus.COMPLETED });
      assert.equal((await next()).services[0]?.work, WorkStatus.COMPLETED);
      stop.abort();
      await assert.rejects(watch.next());
    });
  });
}
