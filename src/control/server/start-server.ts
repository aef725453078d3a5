/** The whole control plane of `flowctl server`: store, plane, port. */

import type { Logger } from "../../flow/component.ts";
import { systemClock } from "../../runtime/clock.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { createAccess } from "../auth/access.ts";
import type { Access } from "../auth/access.ts";
import type { CertificateRoles } from "../auth/certificates.ts";
import type { OidcOptions } from "../auth/oidc.ts";
import { startControlPlane } from "../control-plane.ts";
import type { ControlPlane } from "../control-plane.ts";
import { setUpFleet } from "../fleet/setup.ts";
import type { FleetSetup, FleetTimes } from "../fleet/setup.ts";
import { createMetrics } from "../metrics/metrics.ts";
import { restApp } from "../rest/app.ts";
import { nodeHandler } from "../rest/node-handler.ts";
import { openStore } from "../store/open-store.ts";
import type { ControlStore } from "../store/store.ts";
import { traceAnswers } from "../tracing/tracing.ts";
import { audited } from "./audited.ts";
import type { Limits } from "./gate.ts";
import type { Listener, TlsFiles } from "./listener.ts";
import { isLoopback, serve } from "./serve.ts";

/** Calls that run when the server stops may end within this. */
const CLOSE_GRACE_MS = 2_000;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** `memory`, `postgres://…`, `sqlite:PATH`; undefined: SQLite in the data folder. */
  readonly store: string | undefined;
  readonly tls: TlsFiles | undefined;
  readonly auth: ServerAuth;
  readonly history_ms: number;
  readonly audit_history_ms?: number;
  /** What one peer may ask. Default: see the gate. */
  readonly limits?: Limits;
  /** A pipeline that is further behind its network fails `stellar_network_sync`. */
  readonly maxLagLedgers: number;
  /** NATS of the fleet; undefined: agents cannot be joined with one another. */
  readonly nats?: FleetSetup["nats"];
  readonly fleetTimes?: FleetTimes;
  readonly log: Logger;
}

export interface ServerAuth {
  /** Nobody gets in without credentials, also before the first token was made. */
  readonly required: boolean;
  /** Listens on a public address without TLS or credentials all the same. */
  readonly insecure: boolean;
  readonly oidc?: OidcOptions | undefined;
  /** For mutual TLS; default: every certificate that verified is an agent. */
  readonly certificates?: CertificateRoles | undefined;
}

export interface Server {
  readonly plane: ControlPlane;
  readonly url: string;
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { log, host, port, tls } = options;
  const store = await openedStore(options);
  const access = accessOf(options, store);
  try {
    await checkExposure(options, access);
  } catch (error) {
    await access.close();
    await store.close();
    throw error;
  }
  const fleet = await setUpFleet({
    store,
    storeName: options.store,
    dataDir: options.dataDir,
    nats: options.nats,
    times: options.fleetTimes ?? {},
    clock: systemClock,
    log,
  });
  const plane = await startControlPlane({
    store,
    log,
    clock: systemClock,
    history_ms: options.history_ms,
    ...(options.audit_history_ms === undefined ? {} : {
      audit_history_ms: options.audit_history_ms,
    }),
    fleet: fleet.options,
  });
  let listener: Listener | undefined;
  const shutdown = new AbortController();
  let accepting = true;
  const { maxLagLedgers } = options;
  const connections = () => listener?.connections() ?? 0;
  const metrics = createMetrics({ plane, maxLagLedgers, connections, bus: fleet.bus });
  const rest = restApp({ plane, metrics, maxLagLedgers, accepting: () => accepting });
  try {
    listener = await serve({
      plane,
      host,
      port,
      tls,
      access,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      shutdown: shutdown.signal,
      interceptors: [metrics.instruments.interceptor, traceAnswers],
      http: audited(nodeHandler(rest, shutdown.signal), access.audit, systemClock),
    });
  } catch (cause) {
    metrics.close();
    await access.close();
    await plane.close();
    await fleet.close();
    throw listenError(`${host}:${port}`, cause);
  }
  const { port: bound, close } = listener;
  return {
    plane,
    url: `${tls === undefined ? "http" : "https"}://${host}:${bound}`,
    async close() {
      accepting = false;
      metrics.close();
      shutdown.abort();
      await close(CLOSE_GRACE_MS);
      await access.close();
      await plane.close();
      await fleet.close();
    },
  };
}

function accessOf(options: ServerOptions, store: ControlStore): Access {
  const { auth, host, tls, log } = options;
  return createAccess({
    store,
    clock: systemClock,
    log,
    required: auth.required || tls?.ca !== undefined || (!isLoopback(host) && !auth.insecure),
    oidc: auth.oidc,
    certificates: auth.certificates,
  });
}

/** On an address that others reach, tokens in cleartext and open doors are refused. */
async function checkExposure(options: ServerOptions, { tokens }: Access): Promise<void> {
  const { auth, host, tls, dataDir, store } = options;
  if (auth.insecure || isLoopback(host)) return;
  if (tls === undefined) {
    throw new FlowctlError("cli/usage", `others reach ${host}, so it needs TLS`, {
      hint: "Give --tls-cert and --tls-key, or listen on 127.0.0.1; --insecure goes without.",
    });
  }
  if (tls.ca !== undefined || auth.oidc !== undefined || await tokens.anyMade()) return;
  const where = store === undefined ? `--data-dir ${dataDir}` : `--store ${withoutPassword(store)}`;
  throw new FlowctlError("cli/usage", `others reach ${host}, and there is no token yet`, {
    hint: `Make one with \`flowctl token create --name me --role admin ${where}\`, or give ` +
      "--tls-ca or --oidc-issuer; --insecure goes without.",
  });
}

function withoutPassword(store: string): string {
  return store.replace(/:[^:@/]*@/, ":…@");
}

async function openedStore(options: ServerOptions): Promise<ControlStore> {
  try {
    return await openStore(options.store, options.dataDir);
  } catch (cause) {
    throw new FlowctlError(
      "control/store-unreachable",
      `the control plane's store cannot be opened: ${messageOf(cause)}`,
      { hint: "Check --store and --data-dir, and that this user may write there.", cause },
    );
  }
}

function listenError(address: string, cause: unknown): FlowctlError {
  const code = (cause as { code?: string }).code;
  if (code === "EADDRINUSE") {
    return new FlowctlError("control/address-in-use", `${address} is in use by another program`, {
      hint: "Stop it, or name another address with --listen.",
      cause,
    });
  }
  return new FlowctlError(
    "control/address-in-use",
    `cannot listen on ${address}: ${messageOf(cause)}`,
    { hint: "Name an address of this machine with --listen, such as 127.0.0.1:8080.", cause },
  );
}
