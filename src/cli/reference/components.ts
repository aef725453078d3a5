/** `flowctl components`: what there is to build pipelines from, as the declarations say. */

import process from "node:process";
import { Command } from "commander";
import { catalogue } from "../../catalogue.ts";
import type { ComponentDeclaration } from "../../spec/declaration.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { nearest } from "../../spec/nearest.ts";
import { globalsOf } from "../globals.ts";
import { examples } from "../help.ts";
import { table } from "../output/format.ts";
import { printJson, printLine } from "../output/print.ts";
import { paint } from "../output/style.ts";
import { componentText } from "./component-text.ts";

const ROLES = ["source", "processor", "sink"] as const;

export function componentsCommand(): Command {
  const command = new Command("components")
    .description("List the built-in sources, processors and sinks, or show one with its config.");
  command
    .command("list", { isDefault: true })
    .description("List all components.")
    .option("--role <role>", `only ${ROLES.join(", ")}`)
    .addHelpText(
      "after",
      examples(["flowctl components list", "flowctl components list --role sink"]),
    )
    .action((options: { role?: string }, self: Command) => list(options.role, self));
  command
    .command("show <name>")
    .description("Show what a component reads and emits, its config, and an example.")
    .addHelpText(
      "after",
      examples([
        "flowctl components show galexie",
        "flowctl components show postgres --output json",
      ]),
    )
    .action((name: string, _options: unknown, self: Command) => show(name, self));
  return command;
}

function list(role: string | undefined, command: Command): void {
  if (role !== undefined && !ROLES.some((one) => one === role)) {
    throw new FlowctlError("cli/usage", `there is no role '${role}'`, {
      hint: `use one of ${ROLES.join(", ")}`,
    });
  }
  const chosen = ROLES.filter((one) => role === undefined || one === role)
    .flatMap((one) => catalogue.filter((component) => component.role === one));
  if (globalsOf(command).output === "json") return printJson(chosen.map(facts));
  const rows = chosen.map((component) => [component.name, component.role, component.summary]);
  const columns = ["NAME", "ROLE", "WHAT IT DOES"].map((title) => ({
    title,
    align: "left" as const,
  }));
  for (const line of table(columns, rows)) printLine(line);
}

function show(name: string, command: Command): void {
  const globals = globalsOf(command);
  const wanted = name.toLowerCase();
  const found = catalogue.find((component) => namesOf(component).includes(wanted));
  if (found === undefined) {
    const near = nearest(wanted, catalogue.flatMap(namesOf));
    throw new FlowctlError("cli/usage", `there is no component '${name}'`, {
      hint: near === undefined ? "flowctl components list shows all" : `did you mean ${near}?`,
    });
  }
  if (globals.output === "json") {
    return printJson({ ...facts(found), config: found.configJsonSchema });
  }
  process.stdout.write(componentText(found, paint(globals.color && process.stdout.isTTY === true)));
}

function namesOf(component: ComponentDeclaration): string[] {
  return [component.name, ...component.aliases].map((one) => one.toLowerCase());
}

function facts(component: ComponentDeclaration): Record<string, unknown> {
  const { name, role, summary, aliases, accepts, emits, example } = component;
  return { name, role, summary, aliases, accepts, emits, example };
}
