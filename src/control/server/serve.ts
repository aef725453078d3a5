/** The control plane on its port: RPC of all protocols, and whatever else answers plain HTTP. */

import { createContextValues } from "@connectrpc/connect";
import type { Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ControlPlane as ControlPlaneProtocol } from "../../gen/proto/flowctl/control_plane_pb.js";
import { AccessService } from "../../gen/proto/flowctl/control/v1/access_pb.js";
import { AgentsService } from "../../gen/proto/flowctl/control/v1/agents_pb.js";
import { PipelinesService } from "../../gen/proto/flowctl/control/v1/pipelines_pb.js";
import { RunsService } from "../../gen/proto/flowctl/control/v1/runs_pb.js";
import { ServicesService } from "../../gen/proto/flowctl/control/v1/services_pb.js";
import { TelemetryService } from "../../gen/proto/flowctl/control/v1/telemetry_pb.js";
import { ControlPlaneService } from "../../gen/proto/flowctl/v1/control_plane_pb.js";
import type { Access } from "../auth/access.ts";
import { auditCalls } from "../auth/interceptor.ts";
import { principalKey } from "../auth/principal.ts";
import type { ControlPlane } from "../control-plane.ts";
import { accessService } from "../rpc/access-service.ts";
import { agentsService } from "../rpc/agents-service.ts";
import { componentService } from "../rpc/component-service.ts";
import { controlPlaneService } from "../rpc/control-plane-service.ts";
import { peerKey, peerOf } from "../rpc/peer.ts";
import { pipelinesService } from "../rpc/pipelines-service.ts";
import { runsService } from "../rpc/runs-service.ts";
import { servicesService } from "../rpc/services-service.ts";
import { telemetryService } from "../rpc/telemetry-service.ts";
import { createFloodGuard } from "./flood.ts";
import { DEFAULT_LIMITS, gate, principalOf } from "./gate.ts";
import type { Limits } from "./gate.ts";
import { listen } from "./listener.ts";
import type { Handler, Listener, TlsFiles } from "./listener.ts";

/** Bytes of one message; ledgers never come this way. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export interface ServeOptions {
  readonly plane: ControlPlane;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Undefined: whoever reaches the port may do everything, as in a run's own control plane. */
  readonly access?: Access | undefined;
  /** What one peer may ask; with `access` only. */
  readonly limits?: Limits;
  /** Outermost first; they run once the caller is known and may make the call. */
  readonly interceptors: readonly Interceptor[];
  /** Ends streams when it fires, so that the server can close. Default: never. */
  readonly shutdown?: AbortSignal;
  /** Answers what is no RPC: REST, metrics, health, documentation. */
  readonly http: Handler;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export function serve(options: ServeOptions): Promise<Listener> {
  const { plane, access, host } = options;
  const calls = connectNodeAdapter({
    routes(router) {
      router.service(ControlPlaneProtocol, controlPlaneService(plane));
      router.service(ControlPlaneService, componentService(plane));
      router.service(ServicesService, servicesService(plane));
      router.service(RunsService, runsService(plane));
      router.service(PipelinesService, pipelinesService(plane));
      router.service(AgentsService, agentsService(plane));
      router.service(TelemetryService, telemetryService(plane));
      if (access !== undefined) router.service(AccessService, accessService(access, plane.store));
    },
    interceptors: [
      ...options.interceptors,
      ...(access === undefined ? [] : [auditCalls(access.audit, plane.clock)]),
    ],
    readMaxBytes: MAX_MESSAGE_BYTES,
    ...(options.shutdown === undefined ? {} : { shutdownSignal: options.shutdown }),
    contextValues: (request) =>
      createContextValues()
        .set(
          peerKey,
          peerOf(request.socket, "stream" in request ? request.stream.session : undefined),
        )
        .set(principalKey, principalOf(request)),
    fallback: options.http,
  });
  const { port, tls, limits = DEFAULT_LIMITS } = options;
  const now = () => plane.clock.monotonic();
  if (access === undefined) return listen({ host, port, tls, now, handler: calls });
  const floods = createFloodGuard(limits.connections, plane.clock);
  const { clock, log } = plane;
  const loopback = isLoopback(host);
  const handler = gate({ ...access, clock, log, loopback, limits, floods }, calls);
  return listen({ host, port, tls, now, handler, admits: floods.admits });
}
