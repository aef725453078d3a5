/** `flowctl validate`: is a pipeline file right, and if not, what is wrong where. */

import process from "node:process";
import { Argument, Command } from "commander";
import { stringify } from "yaml";
import { catalogue } from "../../catalogue.ts";
import { describePipeline } from "../../spec/describe.ts";
import { type Diagnostic, formatDiagnostic } from "../../spec/diagnostic.ts";
import { EXIT_USAGE } from "../../spec/errors.ts";
import type { Loaded } from "../../spec/load.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { printJson, printLine } from "../output/print.ts";
import { paint, type Style } from "../output/style.ts";
import { checkConfigs } from "./check-configs.ts";
import { type FileOptions, loadFile, withFileOptions } from "./load-file.ts";

interface Options extends FileOptions {
  readonly print?: boolean;
}

export function validateCommand(): Command {
  const command = new Command("validate")
    .description(
      "Check a pipeline file: its form, components, config, inputs and event types. Contacts " +
        "nothing; flowctl doctor does.",
    )
    .addArgument(new Argument("<file>", "the pipeline's YAML file"))
    .option("--print", "print the pipeline as it is understood, secrets hidden")
    .addHelpText(
      "after",
      examples([
        "flowctl validate pipeline.yaml",
        "flowctl validate pipeline.yaml --env-file .env --set lake.end_ledger=63092991",
        "flowctl validate pipeline.yaml --output json",
      ]),
    );
  return withFileOptions(command).action(async (file: string, options: Options, self: Command) => {
    const globals = globalsOf(self);
    const loaded = await checkConfigs(loadFile(file, options, "validate").loaded, catalogue);
    if (errorsOf(loaded).length > 0) process.exitCode = EXIT_USAGE;
    if (globals.output === "json") printJson(asData(file, loaded, options.print === true));
    else printText(loaded, options, paint(globals.color && process.stdout.isTTY === true));
  });
}

function errorsOf({ diagnostics }: Loaded): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === "error");
}

function printText(loaded: Loaded, options: Options, style: Style): void {
  for (const diagnostic of loaded.diagnostics) {
    const [place = "", ...hint] = formatDiagnostic(diagnostic).split("\n");
    printLine(diagnostic.severity === "error" ? style.red(place) : style.yellow(place));
    for (const line of hint) printLine(style.dim(line));
  }
  if (loaded.dropped > 0) printLine(`and ${loaded.dropped} more`);
  const errors = errorsOf(loaded).length;
  if (errors > 0) {
    const count = `${errors}${loaded.dropped > 0 ? " or more" : ""}`;
    return printLine(style.bold(`${count} ${errors === 1 ? "error" : "errors"}`));
  }
  if (options.print === true && loaded.pipeline !== undefined) {
    printLine(stringify(describe(loaded)).trimEnd());
    return;
  }
  printLine(style.green("Pipeline validation passed"));
}

function asData(file: string, loaded: Loaded, print: boolean): unknown {
  const { pipeline, diagnostics, dropped } = loaded;
  return {
    file,
    valid: errorsOf(loaded).length === 0,
    diagnostics,
    ...(dropped > 0 ? { more: dropped } : {}),
    ...(print && pipeline !== undefined ? { pipeline: describe(loaded) } : {}),
  };
}

function describe({ pipeline, redactor }: Loaded): unknown {
  return pipeline === undefined ? undefined : describePipeline(pipeline, catalogue, redactor);
}
