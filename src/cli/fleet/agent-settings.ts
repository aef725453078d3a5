/** What `flowctl agent` runs with: options of the command line over those of its `--config` file. */

import { hostname } from "node:os";
import { createLimits, DEFAULT_MEMORY_bytes } from "../../agent/limits.ts";
import type { Limits } from "../../agent/limits.ts";
import { DEFAULT_HEALTH_PORT, healthPortOf } from "../../control/health/health-server.ts";
import type { AgentSettings } from "../../gen/settings/agent.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ServerOptions } from "../client/server-options.ts";

export interface AgentCommandOptions extends ServerOptions {
  readonly config?: string;
  readonly name?: string;
  readonly label?: readonly string[];
  readonly nats?: string;
  readonly dataDir?: string;
  readonly file?: string;
  readonly component?: readonly string[];
  readonly backfills: boolean;
  readonly relay?: string;
  readonly healthPort?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The file's settings with what the command line says instead; the rest is in the options. */
export function settledAgent(
  file: AgentSettings,
  options: AgentCommandOptions,
  env: Environment,
): AgentSettings & { readonly name: string } {
  return {
    ...file,
    name: options.name ?? file.name ?? hostname(),
    labels: { ...file.labels, ...labelsOf(options.label ?? []) },
    nats: options.nats ?? file.nats,
    data_dir: options.dataDir ?? file.data_dir,
    backfills: file.backfills && options.backfills,
    relay_port: portOf("--relay", options.relay) ?? file.relay_port,
    health_port: portOf("--health-port", options.healthPort) ??
      (file.health_port === DEFAULT_HEALTH_PORT ? healthPortOf(env) : file.health_port),
  };
}

/** The control plane, likewise; the environment comes between the two. */
export function settledServer(
  file: AgentSettings,
  options: AgentCommandOptions,
  env: Environment,
): ServerOptions {
  const inEnv = (name: string) => env[name] !== undefined && env[name] !== "";
  const given: Record<string, string | undefined> = {
    server: options.server ?? (inEnv("FLOWCTL_SERVER") ? undefined : file.server),
    token: options.token ?? (inEnv("FLOWCTL_TOKEN") ? undefined : file.token),
    tlsCa: options.tlsCa ?? file.tls?.ca,
    tlsCert: options.tlsCert ?? file.tls?.cert,
    tlsKey: options.tlsKey ?? file.tls?.key,
    context: options.context,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function limitsOf({ limits }: AgentSettings): Limits {
  return createLimits({
    spool_bytes: limits?.spool,
    memory_bytes: limits?.memory ?? DEFAULT_MEMORY_bytes,
    read_bytes_per_s: limits?.read_rate,
    publish_bytes_per_s: limits?.publish_rate,
  });
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new FlowctlError("cli/usage", `${option} cannot be '${text}'`, { hint: "write a port" });
}

function labelsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key !== undefined && value !== undefined) return [key, value];
    throw new FlowctlError("cli/usage", `--label cannot be '${text}'`, {
      hint: "write key=value, such as role=source",
    });
  }));
}
