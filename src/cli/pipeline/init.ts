/** `flowctl init`: a first pipeline file, with questions on a terminal and by flags elsewhere. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import process from "node:process";
import { Argument, Command, Option } from "commander";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson, printLine } from "../output/print.ts";
import { type Network, NETWORKS, presetFile, type SinkPreset, SINKS } from "./init-presets.ts";

const DEFAULT_FILE = "pipeline.yaml";

interface Options {
  readonly network?: Network;
  readonly sink?: SinkPreset;
  readonly name?: string;
  readonly yes?: boolean;
}

interface Choices {
  readonly file: string;
  readonly network: Network;
  readonly sink: SinkPreset;
}

export function initCommand(): Command {
  return new Command("init")
    .description("Write a first pipeline file. On a terminal it asks what is not given.")
    .addArgument(new Argument("[file]", `where to write it (default: ${DEFAULT_FILE})`))
    .addOption(
      new Option("--network <network>", "where ledgers come from").choices(Object.keys(NETWORKS)),
    )
    .addOption(new Option("--sink <sink>", "where rows go").choices(Object.keys(SINKS)))
    .option("--name <name>", "the pipeline's name (default: the file's)")
    .option("-y, --yes", "ask nothing: mainnet to parquet unless said otherwise")
    .addHelpText(
      "after",
      examples([
        "flowctl init",
        "flowctl init transfers.yaml --network mainnet --sink parquet",
        "flowctl init --network testnet --sink sqlite --yes",
      ]),
    )
    .action(init);
}

async function init(file: string | undefined, options: Options, command: Command): Promise<void> {
  const asks = process.stdin.isTTY === true && process.stderr.isTTY === true &&
    options.yes !== true;
  const given = { ...(file === undefined ? {} : { file }), ...options };
  const choices = asks
    ? await (await import("./init-questions.ts")).askChoices(given, DEFAULT_FILE)
    : { file: DEFAULT_FILE, network: "mainnet" as const, sink: "parquet" as const, ...given };
  const name = options.name ?? nameOf(choices.file);
  writeNew(choices.file, presetFile({ ...choices, name }));
  const next = nextSteps(choices);
  if (globalsOf(command).output === "json") return printJson({ file: choices.file, name, next });
  printLine(`Wrote ${choices.file}. Next:`);
  for (const line of next) printLine(`  ${line}`);
}

/** A name that metadata.name takes: lower-case letters, digits and dashes. */
function nameOf(file: string): string {
  const name = basename(file, extname(file)).toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return name.replace(/^-+|-+$/g, "") || "pipeline";
}

function writeNew(file: string, text: string): void {
  if (existsSync(file)) {
    throw new FlowctlError("cli/usage", `${file} exists already`, {
      hint: "give another name: flowctl init other.yaml",
    });
  }
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  } catch (cause) {
    throw new FlowctlError("cli/usage", `${file} cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function nextSteps({ file, sink }: Choices): string[] {
  const environment = sink === "postgres"
    ? ["export DATABASE_URL=postgres://user:password@localhost:5432/database"]
    : [];
  return [...environment, `flowctl doctor ${file}`, `flowctl run ${file}`];
}
