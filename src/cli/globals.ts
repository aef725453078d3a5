/** Options that every command takes. */

import process from "node:process";
import type { Command } from "commander";
import { FlowctlError } from "../spec/errors.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const OUTPUT_FORMATS = ["text", "json"] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface GlobalOptions {
  readonly logLevel: LogLevel;
  readonly output: OutputFormat;
  /** False with `--no-color`, with NO_COLOR in the environment, or where output is no terminal. */
  readonly color: boolean;
}

/** Adds the global options to the program. */
export function withGlobalOptions(program: Command): Command {
  return program
    .option("--log-level <level>", `what to log: ${LOG_LEVELS.join(", ")}`, "info")
    .option("--output <format>", `how results are printed: ${OUTPUT_FORMATS.join(" or ")}`, "text")
    .option("--no-color", "no colours, as with NO_COLOR in the environment");
}

/** The global options of a command that runs, checked. */
export function globalsOf(command: Command): GlobalOptions {
  const raw: Record<string, unknown> = command.optsWithGlobals();
  return {
    logLevel: oneOf("--log-level", raw["logLevel"] ?? "info", LOG_LEVELS),
    output: oneOf("--output", raw["output"] ?? "text", OUTPUT_FORMATS),
    color: raw["color"] !== false && wantsColor(),
  };
}

function oneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new FlowctlError("cli/usage", `${option} cannot be '${String(value)}'`, {
    hint: `use one of ${allowed.join(", ")}`,
  });
}

/** See https://no-color.org: set and not empty means no colours. */
function wantsColor(): boolean {
  return (process.env["NO_COLOR"] ?? "") === "" && process.stderr.isTTY === true;
}
