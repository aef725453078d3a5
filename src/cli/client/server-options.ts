/** Which control plane a command talks to: options, else the environment, else the context in use. */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { Command } from "commander";
import type { EndpointOptions } from "../../control/client/endpoint.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { readContexts } from "./context-file.ts";

export const DEFAULT_SERVER = "http://127.0.0.1:8080";

export interface ServerOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly context?: string;
}

export function withServerOptions(command: Command): Command {
  return command
    .option(
      "--server <address>",
      `the control plane; several on one store with commas (or FLOWCTL_SERVER; ${DEFAULT_SERVER})`,
    )
    .option("--token <token>", "token to show it (or FLOWCTL_TOKEN)")
    .option("--tls-ca <file>", "authority of the server's certificate, PEM")
    .option("--tls-cert <file>", "own certificate for mutual TLS, PEM")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--context <name>", "a control plane of flowctl context, instead of the one in use");
}

/** True when a control plane is named: by an option, the environment or a context. */
export function namesServer(
  options: ServerOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return (options.server ?? (env["FLOWCTL_SERVER"] || undefined) ?? options.context) !==
      undefined || readContexts().current !== undefined;
}

/** Throws `cli/usage` for a context that is not there and a file that cannot be read. */
export function endpointOf(
  options: ServerOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): EndpointOptions {
  const stated = options.server ?? (env["FLOWCTL_SERVER"] || undefined);
  // A token belongs to its server: another server is not shown it.
  const context = options.context !== undefined || stated === undefined
    ? contextOf(options.context)
    : undefined;
  const token = options.token ?? (env["FLOWCTL_TOKEN"] || undefined) ?? context?.token;
  const [ca, cert, key] = [
    options.tlsCa ?? context?.tls_ca,
    options.tlsCert ?? context?.tls_cert,
    options.tlsKey ?? context?.tls_key,
  ].map((file) => file === undefined ? undefined : textOf(file));
  const tls = ca === undefined && cert === undefined && key === undefined
    ? undefined
    : { ca, cert, key };
  return { endpoint: stated ?? context?.server ?? DEFAULT_SERVER, token, tls };
}

function contextOf(name: string | undefined) {
  const { contexts, current } = readContexts();
  const wanted = name ?? current;
  if (wanted === undefined) return undefined;
  const context = Object.hasOwn(contexts, wanted) ? contexts[wanted] : undefined;
  if (context !== undefined) return context;
  throw new FlowctlError("cli/usage", `there is no context '${wanted}'`, {
    hint: "flowctl context list shows them, flowctl context use chooses one",
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FlowctlError("cli/usage", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
