/** A component's declaration as a page of text. */

import { type ConfigField, configFields } from "../../spec/config-fields.ts";
import { ANY_EVENT, type ComponentDeclaration } from "../../spec/declaration.ts";
import { type Style, wrap } from "../output/style.ts";

const WIDTH = 88;

export function componentText(component: ComponentDeclaration, style: Style): string {
  const facts: readonly (readonly [string, string])[] = [
    ["Reads", component.role === "source" ? "" : events(component.accepts)],
    ["Emits", component.role === "sink" ? "" : events(component.emits)],
    ["Also called", component.aliases.join(", ")],
  ];
  return [
    `${style.bold(component.name)} (${component.role})`,
    ...wrap(component.summary, WIDTH),
    "",
    ...facts.filter(([, text]) => text !== "").flatMap(([title, text]) =>
      wrap(`${title}: ${text}`, WIDTH, "  ")
    ),
    "",
    style.bold("Config"),
    ...configFields(component.configJsonSchema).flatMap((field) =>
      fieldLines(field, component, style)
    ),
    "",
    style.bold("Example"),
    ...component.example.trim().split("\n").map((line) => `  ${line}`),
    "",
  ].join("\n");
}

function events(names: readonly string[]): string {
  return names.map((name) => name === ANY_EVENT ? "any event type" : name).join(", ");
}

function fieldLines(field: ConfigField, component: ComponentDeclaration, style: Style): string[] {
  const needed = field.required || component.neededToRun?.includes(field.key) === true;
  const notes = [
    field.type,
    ...(needed ? ["needed"] : []),
    ...(field.fallback === undefined ? [] : [`default ${JSON.stringify(field.fallback)}`]),
  ];
  return [
    `  ${style.cyan(field.key)}  ${style.dim(notes.join(", "))}`,
    ...field.doc.split("\n\n").flatMap((part) =>
      wrap(part.replace(/\s+/g, " "), WIDTH - 6).map((line) => `      ${line}`)
    ),
  ];
}
