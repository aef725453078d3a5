/**
 * The control plane inside `flowctl run`: for the components that the run starts as processes, on a
 * free loopback port, in memory, gone with the run.
 */

import type { Logger } from "../flow/component.ts";
import { systemClock } from "../runtime/clock.ts";
import { startControlPlane } from "./control-plane.ts";
import type { ControlPlane } from "./control-plane.ts";
import { DEFAULT_HISTORY_MS } from "./janitor.ts";
import { serve } from "./server/serve.ts";
import { openStore } from "./store/open-store.ts";

export interface EmbeddedPlane {
  readonly plane: ControlPlane;
  /** `host:port`, where it answers already. */
  readonly endpoint: string;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

export async function embedControlPlane(log: Logger): Promise<EmbeddedPlane> {
  const store = await openStore("memory", "");
  const plane = await startControlPlane({
    store,
    clock: systemClock,
    log,
    history_ms: DEFAULT_HISTORY_MS,
  });
  const listener = await serve({
    plane,
    host: HOST,
    port: 0,
    tls: undefined,
    interceptors: [],
    http(_request, response) {
      response.writeHead(404);
      response.end();
    },
  });
  return {
    plane,
    endpoint: `${HOST}:${listener.port}`,
    async close() {
      await listener.close(0);
      await plane.close();
    },
  };
}
