/** A control plane as `flowctl server` opens it, with access control, on a free loopback port. */

import { createAccess } from "../../src/control/auth/access.ts";
import type { Access, AccessOptions } from "../../src/control/auth/access.ts";
import { startControlPlane } from "../../src/control/control-plane.ts";
import type { ControlPlane } from "../../src/control/control-plane.ts";
import { createMetrics } from "../../src/control/metrics/metrics.ts";
import type { AccessRole } from "../../src/control/model.ts";
import { restApp } from "../../src/control/rest/app.ts";
import type { RestOptions } from "../../src/control/rest/app.ts";
import { nodeHandler } from "../../src/control/rest/node-handler.ts";
import type { Limits } from "../../src/control/server/gate.ts";
import type { TlsFiles } from "../../src/control/server/listener.ts";
import { serve } from "../../src/control/server/serve.ts";
import { openStore } from "../../src/control/store/open-store.ts";
import { systemClock } from "../../src/runtime/clock.ts";

export interface GuardedServer {
  readonly plane: ControlPlane;
  readonly access: Access;
  readonly rest: RestOptions;
  readonly port: number;
  readonly url: string;
  connections(): number;
  token(role: AccessRole): Promise<string>;
  stop(): Promise<void>;
}

export interface GuardedOptions extends Partial<Pick<AccessOptions, "oidc" | "certificates">> {
  readonly required?: boolean;
  readonly tls?: TlsFiles | undefined;
  readonly limits?: Limits;
}

const log = { debug() {}, info() {}, warn() {}, error() {} };

export async function startGuardedServer(options: GuardedOptions = {}): Promise<GuardedServer> {
  const { tls, limits } = options;
  const store = await openStore("memory", "");
  const plane = await startControlPlane({
    store,
    log,
    clock: systemClock,
    history_ms: 86_400_000,
  });
  const access = createAccess({
    ...options,
    store,
    log,
    clock: systemClock,
    required: options.required ?? true,
  });
  const maxLagLedgers = 1_000;
  const metrics = createMetrics({ plane, maxLagLedgers, connections: () => 0 });
  const rest: RestOptions = { plane, metrics, maxLagLedgers, accepting: () => true };
  const listener = await serve({
    plane,
    access,
    host: "127.0.0.1",
    port: 0,
    tls,
    interceptors: [],
    http: nodeHandler(restApp(rest)),
    ...(limits === undefined ? {} : { limits }),
  });
  return {
    plane,
    access,
    rest,
    port: listener.port,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${listener.port}`,
    connections: () => listener.connections(),
    token: async (role) =>
      (await access.tokens.create({ name: `the ${role}`, role, expires_in_ms: undefined })).token,
    async stop() {
      metrics.close();
      await listener.close(0);
      await access.close();
      await plane.close();
    },
  };
}
