import type { Command } from "commander";

export const DEFAULT_STATE_DIR = ".flowctl";

/** Adds `--state-dir` to a command that reads or writes checkpoints. */
export function withStateDir(command: Command): Command {
  return command.option(
    "--state-dir <folder>",
    "where checkpoints and dead letters are kept",
    DEFAULT_STATE_DIR,
  );
}
