/** `flowctl agent`: makes this machine a node of the fleet. */

import process from "node:process";
import { Command } from "commander";
import { startAgent } from "../../agent/agent.ts";
import type { Agent } from "../../agent/agent.ts";
import type { Part } from "../../agent/part.ts";
import { startRelay } from "../../agent/relay.ts";
import { openBus } from "../../bus/connection.ts";
import { createLink } from "../../control/client/link.ts";
import { heartbeatInterval_ms } from "../../control/client/report-settings.ts";
import { componentMetrics, healthOf } from "../../control/client/run-metrics.ts";
import { startHealthServer } from "../../control/health/health-server.ts";
import type { ComponentHealth, HealthReport } from "../../control/health/report.ts";
import { createSupervisor } from "../../control/server/supervisor.ts";
import { settingsSchema, settingsSecretKeys } from "../../gen/settings/agent.ts";
import { loadSettings } from "../../spec/settings.ts";
import { endpointOf, withServerOptions } from "../client/server-options.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { createLog } from "../output/log.ts";
import { onSignals } from "../signals.ts";
import { limitsOf, settledAgent, settledServer } from "./agent-settings.ts";
import type { AgentCommandOptions } from "./agent-settings.ts";
import { natsOf } from "./fleet-options.ts";
import { ownParts } from "./own-parts.ts";

const EXIT_AT_ONCE = 130;

const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];

export function agentCommand(): Command {
  const command = new Command("agent")
    .description(
      "Make this machine a node of the fleet: it joins the control plane, runs the parts of " +
        "pipelines that it is given, and runs on when the control plane is away.",
    )
    .option("--config <file>", "settings, YAML; options win over it")
    .option("--name <name>", "its name in the fleet (default: this machine's)")
    .option("--label <key=value>", "what placement goes by; may be repeated", collect)
    .option("--nats <servers>", "NATS that joins the agents, nats://host:4222,… (or NATS_URL)")
    .option("--data-dir <folder>", "assignments, checkpoints, spools (default: .flowctl/agent)")
    .option("-f, --file <file>", "run components of this pipeline without being told")
    .option("--component <id>", "which of the file's components; may be repeated", collect)
    .option("--relay <port>", "relay plaintext components on 127.0.0.1 to the server")
    .option("--no-backfills", "do no chunks of backfills")
    .option("--health-port <port>", "/health and /metrics on loopback (or HEALTH_PORT; 0: none)");
  return withServerOptions(command)
    .addHelpText(
      "after",
      examples([
        "flowctl agent --server http://control:8080 --name edge-1 --label role=source",
        "flowctl agent --name edge-1 --nats nats://nats:4222 --label role=source --label zone=a",
        "flowctl agent -f pipeline.yaml --component ledgers --nats nats://nats:4222",
        "flowctl agent --config /etc/flowctl/agent.yaml",
      ]),
    )
    .action(runAgent);
}

async function runAgent(options: AgentCommandOptions, self: Command): Promise<void> {
  const { env } = process;
  const loaded = loadSettings({
    file: options.config,
    schema: settingsSchema,
    secretKeys: settingsSecretKeys,
    env,
    holder: "the agent's settings",
  });
  const settings = settledAgent(loaded.settings, options, env);
  const format = settings.log_format ?? (process.stderr.isTTY === true ? "text" : "json");
  const log = createLog({
    globals: globalsOf(self),
    redact: loaded.redact,
    human: format === "text",
    ecs: format === "ecs",
  });
  const { name, data_dir: dataDir } = settings;
  const nats = natsOf(settings.nats);
  const own = ownParts(options.file, options.component ?? []);
  const link = createLink({
    ...endpointOf(settledServer(loaded.settings, options, env), env),
    log,
  });
  const bus = nats === undefined
    ? undefined
    : await openBus({ ...nats, name: `flowctl-agent-${name}` }, log);
  const relay = settings.relay_port === 0
    ? undefined
    : await startRelay(link.transport, settings.relay_port);
  const agent = startAgent({
    ...{ name, dataDir, link, bus, own, log, env },
    labels: settings.labels ?? {},
    backfills: settings.backfills,
    limits: limitsOf(settings),
    heartbeat_interval_ms: heartbeatInterval_ms(env),
  });
  const health = settings.health_port === 0 ? undefined : await startHealthServer({
    port: settings.health_port,
    report: () => agentHealth(agent),
    log,
  });
  log.info("agent runs", { name, data: dataDir, nats: nats !== undefined, relay: relay?.port });
  const supervisor = createSupervisor(env, log);
  await supervisor.ready(`agent ${name}`);
  const release = onSignals({
    stop: (signal) => {
      log.info(`${signal}: finishing what is on its way; once more ends at once`);
      agent.stop();
    },
    abort: () => process.exit(EXIT_AT_ONCE),
  });
  await agent.ended;
  release();
  await supervisor.stopping();
  await relay?.close();
  await bus?.close();
  await health?.close();
  log.info("agent has ended", { name });
}

function agentHealth({ parts }: Agent): HealthReport {
  const failed = [...parts].filter(([, { status }]) => status.state === "failed");
  return {
    status: failed.length === 0 ? "healthy" : "unhealthy",
    ready: true,
    message: failed.map(([pipeline, { status }]) => `${pipeline}: ${status.message}`).join("; "),
    metrics: { parts: parts.size, parts_failed: failed.length },
    components: [...parts].flatMap(([pipeline, part]) => componentsOf(pipeline, part)),
    labels: {},
  };
}

/** The ends of edges included: what they publish, take and spool is theirs. */
function componentsOf(pipeline: string, part: Part): readonly ComponentHealth[] {
  const stats = part.stats();
  if (stats === undefined) return [];
  return stats.components.map((component) => ({
    component_id: `${pipeline}/${component.id}`,
    role: component.role,
    status: healthOf(component, undefined),
    metrics: componentMetrics(component, stats),
  }));
}
