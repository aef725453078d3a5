import { type CommandNode, flattened } from "../command-tree.ts";

/** Words with their descriptions by command path; file names beside them. */
export function zshCompletion(program: CommandNode): string {
  const paths = flattened(program).slice(1).map((node) => quoted(node.path.join(" ")));
  const cases = flattened(program).map((node) => {
    const options = new Map(
      [...node.options, ...program.options].map((option) => [option.name, option.doc]),
    );
    const words = [
      ...node.commands.map((command) => described(command.path.at(-1) ?? "", command.summary)),
      ...node.choices.map((choice) => described(choice, "")),
    ];
    const flags = [...options].map(([name, doc]) => described(name, doc));
    return `    ${quoted(node.path.join(" "))}) words=(${words.join(" ")}) flags=(${
      flags.join(" ")
    }) ;;`;
  });
  return `#compdef flowctl
_flowctl() {
  local joined="" next word i
  local -a words_before=("\${(@)words[2,CURRENT-1]}") flags
  for word in $words_before; do
    next="\${joined:+$joined }$word"
    case "$next" in
    (${paths.join("|")}) joined="$next" ;;
    esac
  done
  local -a words
  case "$joined" in
${cases.join("\n")}
  esac
  (( $#words )) && _describe command words
  [[ $PREFIX == -* ]] && _describe option flags
  _files
}
if [ "$funcstack[1]" = "_flowctl" ]; then _flowctl "$@"; else compdef _flowctl flowctl; fi
`;
}

function described(word: string, doc: string): string {
  const text = doc.replaceAll(":", "\\:");
  return quoted(text === "" ? word : `${word}:${text}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
