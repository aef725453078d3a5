import { type CommandNode, flattened } from "../command-tree.ts";

/** Words by command path; where none fits, bash completes file names. */
export function bashCompletion(program: CommandNode): string {
  const globals = program.options.map((option) => option.name);
  const cases = flattened(program).map((node) => {
    const own = node.options.map((option) => option.name);
    const words = [
      ...node.commands.map((command) => command.path.at(-1) ?? ""),
      ...node.choices,
      ...new Set([...own, ...globals, "--help"]),
    ];
    return `    "${node.path.join(" ")}") words="${words.join(" ")}" ;;`;
  });
  const paths = flattened(program).slice(1).map((node) => `"${node.path.join(" ")}"`);
  return `# flowctl completion for bash
_flowctl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" next word words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    next="\${path:+$path }$word"
    case "$next" in
    ${paths.join(" | ")}) path="$next" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _flowctl flowctl
`;
}
