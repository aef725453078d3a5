/**
 * Every command, in the order of `flowctl --help`. A command's module is loaded only when that
 * command runs, so that `flowctl version` does not pay for the AWS SDK.
 */

import type { Command } from "commander";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: "Pipelines:" | "Operations:" | "Reference:";
  load(): Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "write a first pipeline file",
    group: "Pipelines:",
    load: async () => (await import("./init.ts")).initCommand(),
  },
  {
    name: "components",
    summary: "list the built-in components, or show one",
    group: "Reference:",
    load: async () => (await import("./components.ts")).componentsCommand(),
  },
  {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    group: "Reference:",
    load: async () => (await import("./completion.ts")).completionCommand(),
  },
  {
    name: "version",
    summary: "print the version",
    group: "Reference:",
    load: async () => (await import("./version.ts")).versionCommand(),
  },
];
