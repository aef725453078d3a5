import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { startTestServer } from "../../tests/support/control-server.ts";
import { transportTo } from "../control/client/endpoint.ts";
import { ControlPlane, ServiceType } from "../gen/proto/flowctl/control_plane_pb.js";
import { ComponentType } from "../gen/proto/flowctl/v1/common_pb.js";
import { ControlPlaneService } from "../gen/proto/flowctl/v1/control_plane_pb.js";
import { startRelay } from "./relay.ts";

test("both older protocols reach the control plane through the relay, errors too", async () => {
  const server = await startTestServer();
  const relay = await startRelay(transportTo({ endpoint: server.url }), 0);
  const baseUrl = `http://127.0.0.1:${relay.port}`;
  try {
    const grpc = createClient(ControlPlane, createGrpcTransport({ baseUrl }));
    const ack = await grpc.register({ serviceType: ServiceType.SINK, componentId: "plain" });
    await grpc.heartbeat({ serviceId: ack.serviceId, metrics: { n: 3 } });
    assert.equal(server.plane.registry.get(ack.serviceId)!.metrics["n"], 3);
    await assert.rejects(() => grpc.heartbeat({ serviceId: "nobody" }), /not_found/);

    const connect = createClient(
      ControlPlaneService,
      createConnectTransport({ baseUrl, httpVersion: "1.1" }),
    );
    const { serviceId } = await connect.registerComponent({
      component: { id: "other", type: ComponentType.SOURCE },
    });
    assert.equal(server.plane.registry.get(serviceId)!.role, "source");
  } finally {
    await relay.close();
    await server.stop();
  }
});
