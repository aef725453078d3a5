/** `flowctl context`: the control planes that a person works with, by name. */

import { resolve } from "node:path";
import { Argument, Command } from "commander";
import { baseUrlOf } from "../../control/client/endpoint.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { nearest } from "../../spec/nearest.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { readContexts, writeContexts } from "./context-file.ts";
import type { Context, ContextFile } from "./context-file.ts";

/** So much of a token is shown, enough to know it by. */
const SHOWN_TOKEN_CHARS = 12;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function contextCommand(): Command {
  return new Command("context")
    .description("Keep control planes by name: their address, token and certificates.")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(useCommand())
    .addCommand(addCommand())
    .addCommand(removeCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("List the contexts; the one in use has a star.")
    .addHelpText("after", examples(["flowctl context list", "flowctl context list --output json"]))
    .action((_options: unknown, self: Command) => {
      const file = readContexts();
      const contexts = Object.entries(file.contexts).map(([name, context]) =>
        facts(name, context, file)
      );
      if (globalsOf(self).output === "json") return printJson({ contexts });
      if (contexts.length === 0) return printLine("no contexts: flowctl context add makes one");
      const columns = ["", "NAME", "SERVER", "TOKEN"].map((title) => ({
        title,
        align: "left" as const,
      }));
      const rows = contexts.map(({ name, server, token, current }) => [
        current ? "*" : "",
        name,
        server,
        token ?? "",
      ]);
      for (const line of table(columns, rows)) printLine(line);
    });
}

function facts(name: string, context: Context, file: ContextFile) {
  const { token, ...rest } = context;
  return {
    name,
    current: file.current === name,
    ...rest,
    token: token === undefined ? null : redacted(token),
  };
}

/** The token's secret part never appears; its beginning says which one it is. */
function redacted(token: string): string {
  return token.length > SHOWN_TOKEN_CHARS * 2 ? `${token.slice(0, SHOWN_TOKEN_CHARS)}…` : "…";
}

function useCommand(): Command {
  return new Command("use")
    .description("Choose the context that commands use when they name no server.")
    .addArgument(new Argument("<name>", "name of the context"))
    .addHelpText("after", examples(["flowctl context use production"]))
    .action((name: string, _options: unknown, self: Command) => {
      const file = readContexts();
      const context = existing(file, name);
      writeContexts({ ...file, current: name });
      if (globalsOf(self).output === "json") {
        printJson(facts(name, context, { ...file, current: name }));
      } else printLine(`using ${name}: ${context.server}`);
    });
}

interface AddOptions {
  readonly server: string;
  readonly token?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly use: boolean;
}

function addCommand(): Command {
  return new Command("add")
    .description("Add a context, or replace the one of that name. The first is used at once.")
    .addArgument(new Argument("<name>", "name of the context"))
    .requiredOption("--server <address>", "address of the control plane")
    .option("--token <token>", "token to show it; kept in a file that only you can read")
    .option("--tls-ca <file>", "authority of the server's certificate, PEM")
    .option("--tls-cert <file>", "own certificate for mutual TLS, PEM")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--use", "use it from now on", false)
    .addHelpText(
      "after",
      examples([
        "flowctl context add local --server http://127.0.0.1:8080",
        'flowctl context add production --server https://flow.example --token "$TOKEN" --use',
      ]),
    )
    .action((name: string, options: AddOptions, self: Command) => {
      if (!NAME.test(name)) {
        throw new FlowctlError("cli/usage", `'${name}' cannot be the name of a context`, {
          hint: "use letters, digits, dots, dashes and underscores",
        });
      }
      const { token, tlsCa, tlsCert, tlsKey } = options;
      // Commands run in other folders: a relative path would name another file there.
      const context: Context = {
        server: baseUrlOf(options.server),
        ...(token === undefined ? {} : { token }),
        ...(tlsCa === undefined ? {} : { tls_ca: resolve(tlsCa) }),
        ...(tlsCert === undefined ? {} : { tls_cert: resolve(tlsCert) }),
        ...(tlsKey === undefined ? {} : { tls_key: resolve(tlsKey) }),
      };
      const before = readContexts();
      const file: ContextFile = {
        ...before,
        contexts: { ...before.contexts, [name]: context },
        current: options.use ? name : before.current ?? name,
      };
      writeContexts(file);
      if (globalsOf(self).output === "json") printJson(facts(name, context, file));
      else printLine(`added ${name}: ${context.server}${file.current === name ? ", in use" : ""}`);
    });
}

function removeCommand(): Command {
  return new Command("remove")
    .description("Remove a context.")
    .addArgument(new Argument("<name>", "name of the context"))
    .addHelpText("after", examples(["flowctl context remove production"]))
    .action((name: string, _options: unknown, self: Command) => {
      const { current, contexts } = readContexts();
      existing({ contexts }, name);
      const left = Object.fromEntries(Object.entries(contexts).filter(([one]) => one !== name));
      writeContexts({
        ...(current === undefined || current === name ? {} : { current }),
        contexts: left,
      });
      if (globalsOf(self).output === "json") printJson({ removed: name });
      else printLine(`removed ${name}`);
    });
}

function existing({ contexts }: ContextFile, name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  const near = nearest(name, Object.keys(contexts));
  throw new FlowctlError("cli/usage", `there is no context '${name}'`, {
    hint: near === undefined ? "flowctl context list shows them" : `did you mean ${near}?`,
  });
}
