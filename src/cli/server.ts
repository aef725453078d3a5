/** `flowctl server`: the control plane. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { Command } from "commander";
import { startServer } from "../control/server/start-server.ts";
import { DEFAULT_HISTORY_MS } from "../control/janitor.ts";
import { DEFAULT_MAX_LAG_LEDGERS } from "../control/network-lag.ts";
import type { TlsFiles } from "../control/server/listener.ts";
import { FlowctlError, messageOf } from "../spec/errors.ts";
import { globalsOf } from "./globals.ts";
import { examples } from "./help.ts";
import { createLog } from "./log.ts";
import { fleetTimesOf, natsOf } from "./fleet-options.ts";
import { authOf, withAuthOptions } from "./server-auth.ts";
import type { AuthOptions } from "./server-auth.ts";

interface Options extends AuthOptions {
  readonly listen: string;
  readonly dataDir: string;
  readonly store?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly nats?: string;
  readonly agentGrace?: string;
}

export function serverCommand(name: string = "server"): Command {
  const command = new Command(name)
    .description(
      "Run the control plane: gRPC, gRPC-Web, Connect and REST on one port. Everything that runs " +
        "anywhere registers here and is seen.",
    )
    .option("--listen <address>", "host:port to listen on", "127.0.0.1:8080")
    .option("--data-dir <folder>", "where the store is kept", ".flowctl/server")
    .option(
      "--store <store>",
      "memory, sqlite:PATH or postgres://… (default: SQLite in the data folder)",
    )
    .option("--tls-cert <file>", "certificate, PEM")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--tls-ca <file>", "authority whose certificates clients must show (mutual TLS)");
  command
    .option("--nats <servers>", "NATS of the fleet, nats://host:4222,… (or NATS_URL)")
    .option(
      "--agent-grace <duration>",
      "work of an agent that is silent for this long moves (default: 60s)",
    );
  return withAuthOptions(command)
    .addHelpText(
      "after",
      examples([
        `flowctl ${name}`,
        `flowctl ${name} --listen 127.0.0.1:9000 --data-dir /var/lib/flowctl`,
        `flowctl ${name} --store postgres://flowctl@db/flowctl --tls-cert c.pem --tls-key k.pem`,
      ]),
    )
    .action(async (options: Options, self: Command) => {
      const globals = globalsOf(self);
      const human = process.stderr.isTTY === true;
      const log = createLog({ globals, redact: (text) => text, human });
      const server = await startServer({
        ...addressOf(options.listen),
        dataDir: options.dataDir,
        store: options.store,
        tls: tlsOf(options),
        auth: authOf(options),
        history_ms: DEFAULT_HISTORY_MS,
        maxLagLedgers: DEFAULT_MAX_LAG_LEDGERS,
        nats: natsOf(options.nats),
        fleetTimes: fleetTimesOf(options.agentGrace),
        log,
      });
      log.info("listening", { url: server.url, data: options.store ?? options.dataDir });
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      log.info("stopping");
      await server.close();
    });
}

function addressOf(listen: string): { host: string; port: number } {
  const [, host, port] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(listen) ?? [];
  if (port !== undefined && Number(port) <= 65_535) {
    return { host: host || "127.0.0.1", port: Number(port) };
  }
  throw new FlowctlError("cli/usage", `--listen cannot be '${listen}'`, {
    hint: "write host:port, such as 127.0.0.1:8080",
  });
}

function tlsOf({ tlsCert, tlsKey, tlsCa }: Options): TlsFiles | undefined {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new FlowctlError("cli/usage", "TLS needs both --tls-cert and --tls-key");
  }
  const read = (option: string, file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      throw new FlowctlError("cli/usage", `${option} ${file}: ${messageOf(cause)}`, { cause });
    }
  };
  return {
    cert: read("--tls-cert", tlsCert),
    key: read("--tls-key", tlsKey),
    ca: tlsCa === undefined ? undefined : read("--tls-ca", tlsCa),
  };
}
