/** A control plane on a free loopback port, in this process, over a store of the test's choice. */

import { systemClock } from "../../src/runtime/clock.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { startControlPlane } from "../../src/control/control-plane.ts";
import type { ControlPlane } from "../../src/control/control-plane.ts";
import { serve } from "../../src/control/server/serve.ts";
import type { Handler } from "../../src/control/server/listener.ts";
import { openStore } from "../../src/control/store/open-store.ts";

export interface TestServer {
  readonly plane: ControlPlane;
  readonly port: number;
  readonly url: string;
  /** Connections that are open now. */
  connections(): number;
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
  /** Default: memory. */
  readonly store?: string | undefined;
  readonly dataDir?: string;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** What answers plain HTTP. Default: 404. */
  readonly http?: (plane: ControlPlane) => Handler;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const plane = await startControlPlane({
    store: await openStore("store" in options ? options.store : "memory", options.dataDir ?? ""),
    clock: options.clock ?? systemClock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    history_ms: 86_400_000,
  });
  const listener = await serve({
    plane,
    host: "127.0.0.1",
    port: options.port ?? 0,
    tls: undefined,
    interceptors: [],
    http: options.http?.(plane) ?? ((_request, response) => {
      response.writeHead(404);
      response.end();
    }),
  });
  return {
    plane,
    port: listener.port,
    connections: listener.connections,
    url: `http://127.0.0.1:${listener.port}`,
    async stop() {
      await listener.close(0);
      await plane.close();
    },
  };
}
