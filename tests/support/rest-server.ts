/** The whole server in this process, REST included, on a free loopback port. */

import { startServer } from "../../src/control/server/start-server.ts";
import type { Server, ServerOptions } from "../../src/control/server/start-server.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export function startRestServer(options: Partial<ServerOptions> = {}): Promise<Server> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir: "",
    store: "memory",
    tls: undefined,
    auth: { required: false, insecure: false },
    history_ms: 86_400_000,
    maxLagLedgers: 1_000,
    log: quiet,
    ...options,
  });
}

export interface Registered {
  readonly id: string;
  readonly role?: "source" | "processor" | "sink" | "pipeline";
  readonly metadata?: Readonly<Record<string, string>>;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly output_event_types?: readonly string[];
}

/** Registers a service and lets it beat once. */
export function register({ plane }: Server, service: Registered): void {
  const { id, role = "source", metadata = {}, metrics = {} } = service;
  plane.registry.register({
    component_id: id,
    service_id: id,
    role,
    input_event_types: [],
    output_event_types: service.output_event_types ?? [],
    health_endpoint: "",
    endpoint: "",
    max_inflight: 0,
    name: "",
    description: "",
    version: "",
    metadata,
    peer: "127.0.0.1",
  });
  plane.registry.heartbeat({ service_id: id, metrics });
}
