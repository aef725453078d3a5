/** `flowctl agent`: makes this machine a node of the fleet. */

import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Command } from "commander";
import { startAgent } from "../agent/agent.ts";
import type { AgentOptions } from "../agent/agent.ts";
import { startRelay } from "../agent/relay.ts";
import { openBus } from "../bus/connection.ts";
import { createLink } from "../control/client/link.ts";
import { heartbeatInterval_ms } from "../control/client/report-settings.ts";
import { FlowctlError } from "../spec/errors.ts";
import { natsOf } from "./fleet-options.ts";
import { globalsOf } from "./globals.ts";
import { examples } from "./help.ts";
import { createLog } from "./log.ts";
import { ownParts } from "./own-parts.ts";
import { endpointOf, withServerOptions } from "./server-options.ts";
import type { ServerOptions } from "./server-options.ts";
import { onSignals } from "./signals.ts";

interface Options extends ServerOptions {
  readonly name?: string;
  readonly label?: readonly string[];
  readonly nats?: string;
  readonly dataDir: string;
  readonly file?: string;
  readonly component?: readonly string[];
  readonly backfills: boolean;
  readonly relay?: number;
}

const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];

export function agentCommand(): Command {
  const command = new Command("agent")
    .description(
      "Make this machine a node of the fleet: it joins the control plane, runs the parts of " +
        "pipelines that it is given, and runs on when the control plane is away.",
    )
    .option("--name <name>", "its name in the fleet (default: this machine's)")
    .option("--label <key=value>", "what placement goes by; may be repeated", collect)
    .option("--nats <servers>", "NATS that joins the agents, nats://host:4222,… (or NATS_URL)")
    .option("--data-dir <folder>", "assignments, checkpoints and spools", ".flowctl/agent")
    .option("-f, --file <file>", "run components of this pipeline without being told")
    .option("--component <id>", "which of the file's components; may be repeated", collect)
    .option("--relay <port>", "relay plaintext components on 127.0.0.1 to the server", port)
    .option("--no-backfills", "do no chunks of backfills");
  return withServerOptions(command)
    .addHelpText(
      "after",
      examples([
        "flowctl agent --server http://control:8080 --name edge-1 --label role=source",
        "flowctl agent --name edge-1 --nats nats://nats:4222 --label role=source --label zone=a",
        "flowctl agent -f pipeline.yaml --component ledgers --nats nats://nats:4222",
      ]),
    )
    .action(async (options: Options, self: Command) => {
      const globals = globalsOf(self);
      const log = createLog({
        globals,
        redact: (text) => text,
        human: process.stderr.isTTY === true,
      });
      const name = options.name ?? hostname();
      const nats = natsOf(options.nats);
      const bus = nats === undefined
        ? undefined
        : await openBus({ ...nats, name: `flowctl-agent-${name}` }, log);
      const link = createLink({ ...endpointOf(options), log });
      const agentOptions: AgentOptions = {
        name,
        labels: labelsOf(options.label ?? []),
        dataDir: options.dataDir,
        link,
        bus,
        backfills: options.backfills,
        own: ownParts(options.file, options.component ?? []),
        log,
        env: process.env,
        heartbeat_interval_ms: heartbeatInterval_ms(process.env),
      };
      const relay = options.relay === undefined
        ? undefined
        : await startRelay(link.transport, options.relay);
      if (relay !== undefined) log.info("relays to the control plane", { port: relay.port });
      const agent = startAgent(agentOptions);
      log.info("agent runs", { name, data: join(options.dataDir), nats: nats !== undefined });
      const release = onSignals({
        stop: (signal) => {
          log.info(`${signal}: finishing what is on its way; once more ends at once`);
          agent.stop();
        },
        abort: () => process.exit(130),
      });
      await agent.ended;
      release();
      await relay?.close();
      await bus?.close();
      log.info("agent has ended", { name });
    });
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65_535) return value;
  throw new FlowctlError("cli/usage", `--relay cannot be '${text}'`, { hint: "write a port" });
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
