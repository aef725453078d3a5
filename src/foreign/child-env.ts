/** The environment in which a component is started, and the ports that it names. */

import type { ComponentContext } from "../flow/component.ts";
import { FlowctlError } from "../spec/errors.ts";
import { passphraseOf } from "../stellar/networks.ts";
import { freeHealthPort, freePort, portOf } from "./ports.ts";

export type Env = Readonly<Record<string, string>>;

export interface ChildPlan {
  readonly port: number;
  readonly healthPort: number;
  /** Ports that flowctl chose, to be given back. */
  readonly own: readonly number[];
  env(attempt: number): Env;
}

/** Of flowctl itself: they would have every child take the same port. */
const NOT_INHERITED: ReadonlySet<string> = new Set(["PORT", "HEALTH_PORT"]);

/** As the control plane's default TTL expects it; what flowctl's own environment says wins. */
const DEFAULTS: Env = {
  FLOWCTL_HEARTBEAT_INTERVAL: "10s",
  FLOWCTL_HEARTBEAT_INTERVAL_MS: "10000",
  HEARTBEAT_INTERVAL_SECONDS: "10",
};

/** What the pipeline's `env` says wins over what flowctl assigns, and that over what it inherits. */
export async function planChild(context: ComponentContext): Promise<ChildPlan> {
  const { spec, run, chunk } = context;
  const own: number[] = [];
  const keep = (port: number) => {
    own.push(port);
    return port;
  };
  const port = statedPort(context, "PORT") ?? keep(await freePort());
  const healthPort = statedPort(context, "HEALTH_PORT") ?? spec.external?.health_port ??
    keep(await freeHealthPort());

  const assigned: Record<string, string> = {
    PORT: spec.external?.port_format === "number" ? String(port) : `:${port}`,
    HEALTH_PORT: String(healthPort),
    FLOWCTL_COMPONENT_ID: spec.id,
    COMPONENT_ID: spec.id,
    FLOWCTL_SERVICE_ID: spec.id,
    FLOWCTL_CONFIG: configText(spec.config),
  };
  if (chunk !== undefined) {
    assigned["CHUNK_START"] = String(chunk.first);
    assigned["CHUNK_END"] = String(chunk.last);
  }
  if (run !== undefined) assigned["FLOWCTL_RUN_ID"] = run.id;
  if (run?.endpoint !== undefined) {
    assigned["ENABLE_FLOWCTL"] = "true";
    assigned["FLOWCTL_ENABLED"] = "true";
    assigned["FLOWCTL_ENDPOINT"] = run.endpoint;
  }
  const base = { ...DEFAULTS, ...network(context), ...inherited(context.env), ...assigned };
  return {
    port,
    healthPort,
    own,
    env: (attempt) => ({ ...base, FLOWCTL_ATTEMPT: String(attempt), ...spec.env }),
  };
}

/** The network of the first source that names one. */
function network({ pipeline }: ComponentContext): Env {
  for (const { config } of pipeline.sources) {
    const named = config["network_passphrase"] ?? config["network"];
    if (typeof named === "string" && named !== "") {
      return { NETWORK_PASSPHRASE: passphraseOf(named) };
    }
  }
  return {};
}

function inherited(env: ComponentContext["env"]): Env {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !NOT_INHERITED.has(name)) kept[name] = value;
  }
  return kept;
}

function statedPort({ spec }: ComponentContext, name: string): number | undefined {
  const text = spec.env[name];
  if (text === undefined || text === "") return undefined;
  const port = portOf(text);
  if (port !== undefined) return port;
  throw new FlowctlError("component/not-started", `${name} of ${spec.id} is '${text}', no port`, {
    hint: `Write it as ":50051" or "50051", or leave it out: flowctl then chooses a free one.`,
  });
}

/** Its `config` as JSON, for components that want it; 64-bit integers become strings. */
function configText(config: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    config,
    (_key, value: unknown) => typeof value === "bigint" ? value.toString() : value,
  );
}
