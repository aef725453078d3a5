/** The pages of the reference, from the declarations, the command line and the codes. */

import { catalogue } from "../../../src/catalogue.ts";
import {
  type CommandNode,
  type CommandOption,
  commandTree,
  flattened,
} from "../../../src/cli/command-tree.ts";
import { wholeProgram } from "../../../src/cli/program.ts";
import { eventTypes } from "../../../src/events/registry.ts";
import { configFields } from "../../../src/spec/config-fields.ts";
import { ANY_EVENT, type ComponentDeclaration } from "../../../src/spec/declaration.ts";
import { ERROR_DOCS } from "../../../src/spec/error-docs.ts";
import { ERROR_CODES, type ErrorCode } from "../../../src/spec/errors.ts";
import type { Role } from "../../../src/spec/pipeline.ts";

const ROLES: readonly Role[] = ["source", "processor", "sink"];

/** The pages by name, without folder and suffix. */
export async function docsPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["commands", commandsPage(commandTree(await wholeProgram()))],
    ["events", eventsPage()],
    ["errors", errorsPage()],
    ...ROLES.map((role): [string, string] => [`${role}s`, componentsPage(role)]),
  ]);
}

function commandsPage(program: CommandNode): string {
  const globals = `Every command also takes:\n\n${optionTable(program)}`;
  const sections = flattened(program).slice(1).map((node) => {
    const line = `\`\`\`\nflowctl ${node.path.join(" ")} ${node.usage}\n\`\`\`\n`;
    const options = node.options.length === 0 ? "" : `\n${optionTable(node)}`;
    return `## flowctl ${node.path.join(" ")}\n\n${
      sentence(node.description || node.summary)
    }\n\n${line}${options}`;
  });
  return ["# Commands\n", globals, ...sections].join("\n");
}

function optionTable(node: CommandNode): string {
  const rows = node.options.map((option) =>
    `| \`${option.flags}\` | ${cell(optionDoc(option))} |\n`
  );
  return `| option | |\n|---|---|\n${rows.join("")}`;
}

function optionDoc({ doc, choices, fallback }: CommandOption): string {
  const notes = [
    ...(choices.length === 0 ? [] : [choices.join(", ")]),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
  ];
  return notes.length === 0 ? doc : `${doc} (${notes.join("; ")})`;
}

function componentsPage(role: Role): string {
  const sections = catalogue.filter((component) => component.role === role).map(componentSection);
  const title = `${role.charAt(0).toUpperCase()}${role.slice(1)}s`;
  return [`# ${title}\n`, ...sections].join("\n");
}

function componentSection(component: ComponentDeclaration): string {
  const facts = [
    component.role === "source" ? "" : `Reads ${eventNames(component.accepts)}.`,
    component.role === "sink" ? "" : `Emits ${eventNames(component.emits)}.`,
    component.aliases.length === 0
      ? ""
      : `Also called ${component.aliases.map((alias) => `\`${alias}\``).join(", ")}.`,
  ].filter((fact) => fact !== "");
  const rows = configFields(component.configJsonSchema).map((field) => {
    const needed = field.required || component.neededToRun?.includes(field.key) === true;
    const fallback = field.fallback === undefined ? "" : `\`${JSON.stringify(field.fallback)}\``;
    const standard = needed ? "needed" : fallback;
    return `| \`${field.key}\` | ${cell(field.type)} | ${cell(standard)} | ${cell(field.doc)} |\n`;
  });
  return `## ${component.name}

${component.summary} ${facts.join(" ")}

| config | type | default | |
|---|---|---|---|
${rows.join("")}
\`\`\`yaml
${component.example.trim()}
\`\`\`
`;
}

function eventNames(names: readonly string[]): string {
  return names.map((name) => name === ANY_EVENT ? "any event type" : `\`${name}\``).join(", ");
}

function eventsPage(): string {
  const sections = eventTypes.map((type) => {
    const rows = type.columns.map((column) =>
      `| \`${column.name}\` | ${column.type}${column.nullable ? ", or null" : ""} | ${
        cell(column.doc)
      } |\n`
    );
    const aliases = type.aliases.map((alias) => `\`${alias}\``).join(", ");
    return `## ${type.name}

${type.doc} Table \`${type.table}\`.${aliases === "" ? "" : ` Also called ${aliases}.`}

| column | type | |
|---|---|---|
${rows.join("")}`;
  });
  return ["# Event types\n", ...sections].join("\n");
}

function errorsPage(): string {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const rows = codes.map((code) =>
    `| \`${code}\` | ${ERROR_CODES[code]} | ${cell(ERROR_DOCS[code])} |\n`
  );
  return `# Errors and exit statuses

| status | meaning |
|---|---|
| 0 | done; also: a run without an end of its own was stopped and has drained |
| 1 | failed while running |
| 2 | bad usage or invalid input; nothing was started |
| 130 | interrupted: a second signal, or stopped before its range was done |

| code | status | meaning |
|---|---|---|
${rows.join("")}`;
}

/** What stands in a table's cell: one line, without a column's end or a tag. */
function cell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;").trim();
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(start) ? start : `${start}.`;
}
