/** A pipeline file with what the command line adds to it: `--env-file` and `--set`. */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { Command } from "commander";
import { catalogue } from "../../catalogue.ts";
import { eventTypeNames } from "../../events/registry.ts";
import { parseEnvFile } from "../../spec/env-file.ts";
import { FlowctlError, messageOf } from "../../spec/errors.ts";
import { type Loaded, type LoadOptions, loadPipeline } from "../../spec/load.ts";

export interface FileOptions {
  readonly envFile?: readonly string[];
  readonly set?: readonly string[];
}

export interface LoadedFile {
  readonly loaded: Loaded;
  /** The process's environment, over it what `--env-file` gives. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Adds the options that decide what a pipeline file says. */
export function withFileOptions(command: Command): Command {
  return command
    .option("--env-file <file>", "KEY=VALUE lines for ${VAR} in the file; may be repeated", collect)
    .option(
      "--set <path=value>",
      "replace a value: spec.sources[0].config.url=…, or <component>.<config key>=…; may be repeated",
      collect,
    );
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** Reads and checks a file. Throws only for a file of `--env-file`. */
export function loadFile(
  file: string,
  options: FileOptions,
  mode: LoadOptions["mode"],
): LoadedFile {
  const env: Record<string, string | undefined> = { ...process.env };
  for (const envFile of options.envFile ?? []) Object.assign(env, readEnvFile(envFile));
  const loaded = loadPipeline({
    file,
    declarations: catalogue,
    eventTypes: eventTypeNames,
    env,
    set: options.set ?? [],
    mode,
  });
  return { loaded, env };
}

function readEnvFile(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new FlowctlError("spec/unreadable", `--env-file ${file}: ${messageOf(error)}`, {
      hint: "the file is named relative to the working directory",
      cause: error,
    });
  }
  return parseEnvFile(text, file);
}
