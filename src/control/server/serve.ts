/** The control plane on its port: RPC of all protocols, and whatever else answers plain HTTP. */

import { createContextValues } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ControlPlane as ControlPlaneProtocol } from "../../gen/proto/flowctl/control_plane_pb.js";
import { AgentsService } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import { PipelinesService } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { ControlPlaneService } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import type { ControlPlane } from "../control-plane.ts";
import { agentsService } from "../rpc/agents-service.ts";
import { componentService } from "../rpc/component-service.ts";
import { controlPlaneService } from "../rpc/control-plane-service.ts";
import { peerKey, peerOf } from "../rpc/peer.ts";
import { pipelinesService } from "../rpc/pipelines-service.ts";
import { servicesService } from "../rpc/services-service.ts";
import { telemetryService } from "../rpc/telemetry-service.ts";
import { listen } from "./listener.ts";
import type { Handler, Listener, TlsFiles } from "./listener.ts";

/** Bytes of one message; ledgers never come this way. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export interface ServeOptions {
  readonly plane: ControlPlane;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Outermost first: rate limit, authentication, audit, tracing. */
  readonly interceptors: readonly Interceptor[];
  /** Answers what is no RPC: REST, metrics, health, documentation. */
  readonly http: Handler;
}

export function serve(options: ServeOptions): Promise<Listener> {
  const { plane } = options;
  const handler = connectNodeAdapter({
    routes(router) {
      router.service(ControlPlaneProtocol, controlPlaneService(plane));
      router.service(ControlPlaneService, componentService(plane));
      router.service(ServicesService, servicesService(plane));
      router.service(PipelinesService, pipelinesService(plane));
      router.service(AgentsService, agentsService(plane));
      router.service(TelemetryService, telemetryService(plane));
    },
    interceptors: [...options.interceptors],
    readMaxBytes: MAX_MESSAGE_BYTES,
    contextValues: (request) =>
      createContextValues().set(peerKey, peerOf(request.socket, request.httpVersionMajor === 2)),
    fallback: options.http,
  });
  return listen({ host: options.host, port: options.port, tls: options.tls, handler });
}
