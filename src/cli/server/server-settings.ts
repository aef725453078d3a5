/** What `flowctl server` runs with: options of the command line over those of its `--config` file. */

import { readFileSync } from "node:fs";
import { DEFAULT_HEALTH_PORT, healthPortOf } from "../../control/health/health-server.ts";
import { DEFAULT_LIMITS } from "../../control/server/gate.ts";
import type { Limits } from "../../control/server/gate.ts";
import type { TlsFiles } from "../../control/server/listener.ts";
import type { ServerSettings } from "../../gen/settings/server.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { parseDuration_ms } from "../../spec/quantity.ts";
import type { AuthOptions } from "./server-auth.ts";

export const LOG_FORMATS = ["text", "json", "ecs"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface ServerCommandOptions extends AuthOptions {
  readonly config?: string;
  readonly listen?: string;
  readonly dataDir?: string;
  readonly store?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly nats?: string;
  readonly agentGrace?: string;
  readonly history?: string;
  readonly auditHistory?: string;
  readonly maxLag?: string;
  readonly healthPort?: string;
  readonly otlpEndpoint?: string;
  readonly logFormat?: string;
  readonly enableCdp?: boolean;
}

/** The file's settings with what the command line says instead. */
export function settled(
  file: ServerSettings,
  options: ServerCommandOptions,
  env: Readonly<Record<string, string | undefined>>,
): ServerSettings {
  return {
    ...file,
    listen: options.listen ?? file.listen,
    data_dir: options.dataDir ?? file.data_dir,
    store: options.store ?? file.store,
    nats: options.nats ?? file.nats,
    tls: tlsNames(file.tls, options),
    history: durationOf("--history", options.history) ?? file.history,
    audit_history: durationOf("--audit-history", options.auditHistory) ?? file.audit_history,
    max_lag: whole("--max-lag", options.maxLag, 1, 100_000_000) ?? file.max_lag,
    otlp_endpoint: options.otlpEndpoint ?? file.otlp_endpoint,
    log_format: formatOf(options.logFormat) ?? file.log_format,
    health_port: whole("--health-port", options.healthPort, 0, 65_535) ??
      (file.health_port === DEFAULT_HEALTH_PORT ? healthPortOf(env) : file.health_port),
  };
}

/** Who may call, likewise. */
export function settledAuth(file: ServerSettings, options: AuthOptions): AuthOptions {
  const { oidc } = file;
  const roles = Object.entries(oidc?.roles ?? {}).map(([value, role]) => `${value}=${role}`);
  const [issuer, audience, claim] = [
    options.oidcIssuer ?? oidc?.issuer,
    options.oidcAudience ?? oidc?.audience,
    options.oidcRoleClaim ?? oidc?.role_claim,
  ];
  return {
    requireAuth: options.requireAuth || file.require_auth,
    insecure: options.insecure || file.insecure,
    ...(issuer === undefined ? {} : { oidcIssuer: issuer }),
    ...(audience === undefined ? {} : { oidcAudience: audience }),
    ...(claim === undefined ? {} : { oidcRoleClaim: claim }),
    oidcRole: options.oidcRole.length > 0 ? options.oidcRole : roles,
    tlsRole: options.tlsRole.length > 0 ? options.tlsRole : file.certificate_roles,
    tlsDefaultRole: options.tlsDefaultRole ?? file.certificate_default_role,
  };
}

export function addressOf(listen: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]:|([^:[\]]*):)?(\d{1,5})$/.exec(listen) ?? [];
  if (port !== undefined && Number(port) <= 65_535) {
    return { host: bracketed || plain || "127.0.0.1", port: Number(port) };
  }
  throw new FlowctlError("cli/usage", `--listen cannot be '${listen}'`, {
    hint: "write host:port, such as 127.0.0.1:8080",
  });
}

/** What one peer may ask, with what it may save up while it is silent. */
export function limitsOf(limits: ServerSettings["limits"]): Limits {
  if (limits === undefined) return DEFAULT_LIMITS;
  const rate = (per_second: number, saved_s: number) => ({
    per_second,
    burst: per_second * saved_s,
  });
  return {
    calls: rate(limits.calls_per_second, 2),
    registrations: rate(limits.registrations_per_second, 2),
    all_registrations: rate(limits.all_registrations_per_second, 2),
    connections: rate(limits.connections_per_second, 10),
    open_requests: limits.open_calls,
  };
}

/** The PEM files' texts. */
export function tlsOf(names: ServerSettings["tls"]): TlsFiles | undefined {
  if (names === undefined) return undefined;
  const { cert, key, ca } = names;
  return {
    cert: read("the certificate", cert),
    key: read("its key", key),
    ca: ca === undefined ? undefined : read("the authority", ca),
  };
}

function tlsNames(
  file: ServerSettings["tls"],
  { tlsCert, tlsKey, tlsCa }: ServerCommandOptions,
): ServerSettings["tls"] {
  const [cert, key, ca] = [tlsCert ?? file?.cert, tlsKey ?? file?.key, tlsCa ?? file?.ca];
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new FlowctlError("cli/usage", "TLS needs both --tls-cert and --tls-key");
  }
  return { cert, key, ca };
}

function read(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowctlError("cli/usage", `${what}, ${file}: ${messageOf(cause)}`, { cause });
  }
}

function durationOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration_ms(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new FlowctlError("cli/usage", `${option} cannot be '${text}'`, {
    hint: "write a duration, such as 30d or 12h",
  });
}

function whole(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
  throw new FlowctlError("cli/usage", `${option} cannot be '${text}'`, {
    hint: `a whole number from ${least} to ${most}`,
  });
}

function formatOf(text: string | undefined): LogFormat | undefined {
  if (text === undefined) return undefined;
  const found = LOG_FORMATS.find((one) => one === text);
  if (found !== undefined) return found;
  throw new FlowctlError("cli/usage", `--log-format cannot be '${text}'`, {
    hint: `use one of ${LOG_FORMATS.join(", ")}`,
  });
}
