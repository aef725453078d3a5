/** `flowctl completion`: shell completion, made from the program itself. */

import process from "node:process";
import { Argument, Command } from "commander";
import { commandTree } from "../command-tree.ts";
import { examples } from "../help.ts";
import { bashCompletion } from "./completion-bash.ts";
import { fishCompletion } from "./completion-fish.ts";
import { zshCompletion } from "./completion-zsh.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function completionCommand(): Command {
  return new Command("completion")
    .description("Print a completion script; load it from your shell's start-up file.")
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(SCRIPTS)))
    .addHelpText(
      "after",
      examples([
        "bash:  echo 'source <(flowctl completion bash)' >> ~/.bashrc",
        "zsh:   flowctl completion zsh > ~/.zfunc/_flowctl    (with ~/.zfunc in fpath)",
        "fish:  flowctl completion fish > ~/.config/fish/completions/flowctl.fish",
      ]),
    )
    .action(async (shell: keyof typeof SCRIPTS) => {
      const { wholeProgram } = await import("../program.ts");
      process.stdout.write(SCRIPTS[shell](commandTree(await wholeProgram())));
    });
}
