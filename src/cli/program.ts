/** Puts the command line together, runs it, and turns whatever happens into an exit status. */

import process from "node:process";
import { Command, CommanderError } from "commander";
import { EXIT_DONE, FlowctlError } from "../spec/errors.ts";
import { VERSION } from "../version.ts";
import { type CommandEntry, commands } from "./commands.ts";
import { globalsOf, withGlobalOptions } from "./globals.ts";
import { examples } from "./help.ts";
import { printJson } from "./output/print.ts";
import { errorReport, errorText, exitStatusOf } from "./output/report.ts";

/**
 * Runs the command that `args` ask for (without the program's own name) and resolves to its exit
 * status. It never throws. A command that ends badly throws, or sets `process.exitCode` when it
 * has said already what is wrong.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const named = commands.find((entry) => entry.name === args.find(isCommandName));
  const program = programWith(named === undefined ? [] : [[named, await named.load()]]);
  const stopTracing = await startTracing();
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? EXIT_DONE);
  } catch (thrown) {
    return ended(program, args, thrown);
  } finally {
    await stopTracing();
  }
}

/** Tracing where the environment asks for it; nobody else pays for loading it. */
async function startTracing(): Promise<() => Promise<void>> {
  const { env } = process;
  const wanted = env["OTEL_EXPORTER_OTLP_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  if (!wanted) return async () => {};
  const [tracing, { createLog }] = await Promise.all([
    import("../control/tracing/tracing.ts"),
    import("./output/log.ts"),
  ]);
  const log = createLog({
    globals: { logLevel: "warn", color: false },
    redact: (text) => text,
    human: process.stderr.isTTY === true,
  });
  return await tracing.startTracing({ endpoint: undefined, serviceName: "flowctl", env, log });
}

/** The program with every command loaded, for completion and the reference pages. */
export async function wholeProgram(): Promise<Command> {
  return programWith(
    await Promise.all(commands.map(async (entry) => [entry, await entry.load()] as const)),
  );
}

function isCommandName(arg: string): boolean {
  return commands.some((entry) => entry.name === arg);
}

/** All commands by name; those that were not loaded only as far as the list of commands shows. */
function programWith(loaded: readonly (readonly [CommandEntry, Command])[]): Command {
  const program = withGlobalOptions(new Command("flowctl"))
    .description(
      "Stellar data pipelines from one binary: ledgers in, exactly-once effects out.",
    )
    .version(VERSION, "-V, --version", "print the version number")
    .showSuggestionAfterError(true)
    .commandsGroup("Reference:")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText(
      "after",
      examples([
        "flowctl init                         make a pipeline file, with questions",
        "flowctl run pipeline.yaml            run it",
        "flowctl components show token-transfer",
      ]),
    );
  for (const entry of commands) {
    const found = loaded.find(([name]) => name === entry);
    const command = found === undefined ? new Command(entry.name) : found[1];
    program.addCommand(command.summary(entry.summary).helpGroup(entry.group));
  }
  quiet(program);
  return program;
}

/** Errors of the command line are thrown, and printed in one place. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const sub of command.commands) quiet(sub);
}

function ended(program: Command, args: readonly string[], thrown: unknown): number {
  if (thrown instanceof CommanderError && thrown.exitCode === EXIT_DONE) return EXIT_DONE;
  const error = thrown instanceof CommanderError
    ? usageError(thrown, called(program, args))
    : thrown;
  const globals = globalsOrDefaults(program);
  process.stderr.write(errorText(error, globals));
  if (globals.output === "json") printJson({ error: errorReport(error) });
  return exitStatusOf(error);
}

/** Commander's message without its prefix, its "(Did you mean x?)" as the hint. */
function usageError(error: CommanderError, command: string): FlowctlError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /Did you mean ([^?]+)\?/.exec(rest.join(" "))?.[1];
  return new FlowctlError("cli/usage", first, {
    hint: suggestion === undefined
      ? `${command} --help shows what there is`
      : `did you mean ${suggestion}?`,
  });
}

/** The command that was meant, as it is typed: `flowctl dlq show`. */
function called(program: Command, args: readonly string[]): string {
  const names = [program.name()];
  let command = program;
  for (const arg of args) {
    const sub = command.commands.find((one) => one.name() === arg);
    if (sub === undefined) continue;
    names.push(arg);
    command = sub;
  }
  return names.join(" ");
}

function globalsOrDefaults(program: Command): ReturnType<typeof globalsOf> {
  try {
    return globalsOf(program);
  } catch {
    return { logLevel: "info", output: "text", color: false };
  }
}
