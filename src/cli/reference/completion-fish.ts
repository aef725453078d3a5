import { type CommandNode, flattened } from "../command-tree.ts";

/** One line per word; a command's words are offered once its path has been typed. */
export function fishCompletion(program: CommandNode): string {
  const lines = flattened(program).flatMap((node) => [
    ...node.commands.map((command) =>
      line(node, `-f -a ${quoted(command.path.at(-1) ?? "")} -d ${quoted(command.summary)}`)
    ),
    ...node.choices.map((choice) => line(node, `-f -a ${quoted(choice)}`)),
    ...node.options.map((option) => {
      const flags = `-l ${option.name.replace(/^--/, "")}${option.takesValue ? " -r" : ""}`;
      return `complete -c flowctl${conditionOf(node, true)} ${flags} -d ${quoted(option.doc)}`;
    }),
  ]);
  return `# flowctl completion for fish\n${lines.join("\n")}\n`;
}

function line(node: CommandNode, rest: string): string {
  return `complete -c flowctl${conditionOf(node, false)} ${rest}`;
}

/** True when the path has been typed; for its words also that none of them has been yet. */
function conditionOf(node: CommandNode, forOptions: boolean): string {
  const typed = node.path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const further = node.commands.map((command) => command.path.at(-1) ?? "");
  if (!forOptions && further.length > 0) {
    typed.push(`not __fish_seen_subcommand_from ${further.join(" ")}`);
  }
  return typed.length === 0 ? "" : ` -n ${quoted(typed.join("; and "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
