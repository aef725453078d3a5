/** `flowctl server`: the control plane. */

import process from "node:process";
import { Command } from "commander";
import { startHealthServer } from "../../control/health/health-server.ts";
import { startServer } from "../../control/server/start-server.ts";
import type { Server } from "../../control/server/start-server.ts";
import { createSupervisor } from "../../control/server/supervisor.ts";
import { startTracing } from "../../control/tracing/tracing.ts";
import { settingsSchema, settingsSecretKeys } from "../../gen/settings/server.ts";
import { loadSettings } from "../../spec/settings.ts";
import { fleetTimesOf, natsOf } from "../fleet/fleet-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { createLog } from "../output/log.ts";
import { printJson } from "../output/print.ts";
import { paint } from "../output/style.ts";
import { onSignals } from "../signals.ts";
import { authOf, withAuthOptions } from "./server-auth.ts";
import { serverHealth } from "./server-health.ts";
import {
  addressOf,
  limitsOf,
  LOG_FORMATS,
  settled,
  settledAuth,
  tlsOf,
} from "./server-settings.ts";
import type { ServerCommandOptions } from "./server-settings.ts";

const EXIT_AT_ONCE = 130;

export function serverCommand(name: string = "server"): Command {
  const command = new Command(name)
    .description(
      "Run the control plane: gRPC, gRPC-Web, Connect and REST on one port. Everything that runs " +
        "anywhere registers here and is seen.",
    )
    .option("--config <file>", "settings, YAML; options win over it")
    .option("--listen <address>", "host:port to listen on (default: 127.0.0.1:8080)")
    .option("--data-dir <folder>", "where the store is kept (default: .flowctl/server)")
    .option(
      "--store <store>",
      "memory, sqlite:PATH or postgres://… (default: SQLite in the data folder)",
    )
    .option("--tls-cert <file>", "certificate, PEM")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--tls-ca <file>", "authority whose certificates clients must show (mutual TLS)")
    .option("--nats <servers>", "NATS of the fleet, nats://host:4222,… (or NATS_URL)")
    .option(
      "--agent-grace <duration>",
      "work of an agent that is silent for this long moves (default: 60s)",
    )
    .option("--history <duration>", "how long runs, chunks and events are kept (default: 30d)")
    .option("--audit-history <duration>", "how long the audit log is kept (default: 365d)")
    .option(
      "--max-lag <ledgers>",
      "a pipeline further behind its network is out of sync (default: 1000)",
    )
    .option("--health-port <port>", "/health and /metrics on loopback (or HEALTH_PORT; 0: none)")
    .option("--otlp-endpoint <url>", "where traces go (or OTEL_EXPORTER_OTLP_ENDPOINT)")
    .option("--log-format <format>", `log lines: ${LOG_FORMATS.join(", ")}`)
    .option("--enable-cdp", "accepted for older scripts: the cdp metrics are always there");
  return withAuthOptions(command)
    .addHelpText(
      "after",
      examples([
        `flowctl ${name}`,
        `flowctl ${name} --listen 127.0.0.1:9000 --data-dir /var/lib/flowctl`,
        `flowctl ${name} --store postgres://flowctl@db/flowctl --tls-cert c.pem --tls-key k.pem`,
        `flowctl ${name} --config /etc/flowctl/server.yaml`,
      ]),
    )
    .action(runServer);
}

async function runServer(options: ServerCommandOptions, self: Command): Promise<void> {
  const globals = globalsOf(self);
  const { env } = process;
  const loaded = loadSettings({
    file: options.config,
    schema: settingsSchema,
    secretKeys: settingsSecretKeys,
    env,
    holder: "the server's settings",
  });
  const { redact } = loaded;
  const settings = settled(loaded.settings, options, env);
  const format = settings.log_format ?? (process.stderr.isTTY === true ? "text" : "json");
  const log = createLog({ globals, redact, human: format === "text", ecs: format === "ecs" });
  if (options.enableCdp === true) log.info("--enable-cdp is not needed: the metrics are always on");
  const { listen, data_dir: dataDir, store, otlp_endpoint: endpoint } = settings;
  const stopTracing = await startTracing({ endpoint, serviceName: "flowctl-server", env, log });
  const supervisor = createSupervisor(env, log);
  const grace = settings.agent_grace;
  const server = await startServer({
    ...addressOf(listen),
    dataDir,
    store,
    tls: tlsOf(settings.tls),
    auth: authOf(settledAuth(loaded.settings, options)),
    history_ms: settings.history,
    audit_history_ms: settings.audit_history,
    limits: limitsOf(settings.limits),
    maxLagLedgers: settings.max_lag,
    nats: natsOf(settings.nats),
    fleetTimes: fleetTimesOf(options.agentGrace ?? (grace === undefined ? grace : `${grace}`)),
    log,
  });
  let stopping = false;
  const health = settings.health_port === 0 ? undefined : await startHealthServer({
    port: settings.health_port,
    report: () => serverHealth(server.plane, !stopping),
    log,
  });
  const data = redact(store ?? dataDir);
  log.info("listening", { url: server.url, data, health_port: health?.port });
  if (globals.output === "json") printJson({ url: server.url, data, pid: process.pid });
  else if (format === "text") process.stderr.write(welcome(server, data, globals.color));
  await supervisor.ready(`listening on ${server.url}`);
  const signal = await asked();
  stopping = true;
  log.info(`${signal}: stopping; once more ends at once`);
  await supervisor.stopping();
  await server.close();
  await health?.close();
  await stopTracing();
  log.info("stopped");
}

/** Resolves with the first signal; a second one ends the process. */
function asked(): Promise<string> {
  return new Promise((resolve) => {
    onSignals({ stop: resolve, abort: () => process.exit(EXIT_AT_ONCE) });
  });
}

function welcome({ url }: Server, data: string, color: boolean): string {
  const style = paint(color);
  const lines = [
    ["control plane", `${style.bold(url)}  ${style.dim("gRPC, gRPC-Web, Connect and REST")}`],
    ["data", data],
    ["to read", `${url}/docs`],
    ["next", `ENABLE_FLOWCTL=true FLOWCTL_ENDPOINT=${url} flowctl run pipeline.yaml`],
    ["", `curl ${url}/api/services`],
  ];
  return lines.map(([name = "", text]) => `  ${style.dim(name.padEnd(14))} ${text}\n`).join("");
}
