/** The program as data: what completion scripts and the reference of commands are made from. */

import type { Command, Option } from "commander";

export interface CommandNode {
  /** Words after `flowctl`: `["components", "show"]`; empty for the program itself. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** Its arguments as its usage line shows them. */
  readonly usage: string;
  readonly options: readonly CommandOption[];
  readonly commands: readonly CommandNode[];
  /** Words that its first argument can be, where they are fixed. */
  readonly choices: readonly string[];
}

export interface CommandOption {
  /** `--output`. */
  readonly name: string;
  /** As help shows it: `--output <format>`. */
  readonly flags: string;
  readonly takesValue: boolean;
  readonly doc: string;
  readonly choices: readonly string[];
  /** What it is without the option, where that is a word. */
  readonly fallback: string | undefined;
}

export function commandTree(program: Command, path: readonly string[] = []): CommandNode {
  return {
    path,
    summary: program.summary() || program.description(),
    description: program.description(),
    usage: program.usage(),
    options: program.options.filter((option) => !option.hidden).map(optionOf),
    commands: program.commands.map((command) => commandTree(command, [...path, command.name()])),
    choices: program.registeredArguments[0]?.argChoices ?? [],
  };
}

/** The node and all below it, parents first. */
export function flattened(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(flattened)];
}

function optionOf(option: Option): CommandOption {
  return {
    name: option.long ?? option.flags,
    flags: option.flags,
    takesValue: option.required || option.optional,
    doc: option.description,
    choices: option.argChoices ?? [],
    fallback: typeof option.defaultValue === "string" ? option.defaultValue : undefined,
  };
}
