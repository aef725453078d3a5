/** Which capability each call needs. A test holds that no method is missing here. */

import type { Capability } from "./principal.ts";

/** By service type name and method name as the .proto writes them. */
export const RPC_PERMISSIONS: Readonly<Record<string, Readonly<Record<string, Capability>>>> = {
  "flowctl.ControlPlane": {
    Register: "report",
    Heartbeat: "report",
    GetServiceStatus: "read",
    ListServices: "read",
    CreatePipelineRun: "report",
    UpdatePipelineRun: "report",
    GetPipelineRun: "read",
    ListPipelineRuns: "read",
    StopPipelineRun: "operate",
    UpsertChunkRun: "report",
    GetChunkRun: "read",
    ListChunkRuns: "read",
  },
  "flowctl.v1.ControlPlaneService": {
    RegisterComponent: "report",
    UnregisterComponent: "report",
    DiscoverComponents: "read",
    Heartbeat: "report",
    GetComponentStatus: "read",
    ListComponents: "read",
  },
  "flowctl.control.v1.ServicesService": {
    ListServices: "read",
    WatchServices: "read",
    ReportStatus: "report",
    Deregister: "report",
  },
  "flowctl.control.v1.RunsService": {
    CountChunks: "read",
    WatchRuns: "read",
    TellRun: "report",
  },
  "flowctl.control.v1.TelemetryService": {
    ReportEvents: "report",
    ListEvents: "read",
    WatchEvents: "read",
    PushLogs: "report",
    TailLogs: "read",
    SendSignal: "operate",
    WatchSignals: "report",
    Tap: "operate",
    PushTap: "report",
  },
  "flowctl.control.v1.PipelinesService": {
    ApplyPipeline: "operate",
    GetPipeline: "read",
    ListPipelines: "read",
    DeletePipeline: "operate",
  },
  "flowctl.control.v1.AgentsService": {
    Join: "report",
    WatchAssignments: "report",
    Report: "report",
    Leave: "report",
    ListAgents: "read",
  },
  "flowctl.control.v1.AccessService": {
    CreateToken: "administer",
    ListTokens: "administer",
    RevokeToken: "administer",
    ListAudit: "administer",
  },
};

/** What changes something that a person would want to see in the audit log. */
export function isAudited(capability: Capability): boolean {
  return capability === "operate" || capability === "administer";
}

/** Answered without credentials: a load balancer and a probe have none, and neither has a reader. */
export const OPEN_PATHS: ReadonlySet<string> = new Set([
  "/health",
  "/healthz",
  "/healthz/store",
  "/healthz/stellar_network_sync",
  "/livez",
  "/readyz",
  "/openapi.json",
  "/docs",
]);

/** Of REST: looking reads, anything else operates. */
function restCapability(method: string): Capability {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" ? "read" : "operate";
}

const RPC_PATHS: ReadonlyMap<string, Capability> = new Map(
  Object.entries(RPC_PERMISSIONS).flatMap(([service, methods]) =>
    Object.entries(methods).map(([method, capability]) =>
      [`/${service}/${method}`, capability] as const
    )
  ),
);

export function isRpcPath(path: string): boolean {
  return RPC_PATHS.has(path);
}

/** What a request of this method and path (without its query) needs; undefined: nothing. */
export function capabilityOf(method: string, path: string): Capability | undefined {
  if (OPEN_PATHS.has(path)) return undefined;
  return RPC_PATHS.get(path) ?? restCapability(method);
}
