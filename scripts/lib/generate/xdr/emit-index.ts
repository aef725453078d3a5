/** Writes the table of all types, for what handles any of them: decode, inspect, tests. */

import type { Declaration, Model } from "./model.ts";
import { fileOf, lower, skipOf, viewOf } from "./names.ts";

export function indexText(model: Model, header: string): string {
  const imports: string[] = [];
  const lines: string[] = [];
  for (const declaration of model.values()) {
    const { name } = declaration;
    const used = declaration.kind === "enum"
      ? [`${lower(name)}Name`, skipOf(name)]
      : [skipOf(name), viewOf(name)];
    imports.push(`import { ${used.sort().join(", ")} } from "./${fileOf(name)}.ts";`);
    lines.push(`  ${name}: ${entry(declaration)},`);
  }
  return [
    header.trimEnd(),
    "",
    'import type { XdrTypeInfo } from "../../stellar/xdr/xdr-type.ts";',
    ...imports,
    "",
    "/** Every generated type by name. */",
    "export const xdrTypes: Readonly<Record<string, XdrTypeInfo>> = {",
    ...lines,
    "};",
    "",
  ].join("\n");
}

function entry(declaration: Declaration): string {
  const { name } = declaration;
  const common = `skip: ${skipOf(name)}`;
  if (declaration.kind === "enum") {
    return `{ kind: "enum", ${common}, nameOf: ${lower(name)}Name }`;
  }
  const view = `view: (xdr, offset) => new ${viewOf(name)}(xdr, offset)`;
  if (declaration.kind === "struct") {
    const fields = declaration.fields.map((field) => `"${field.name}"`).join(", ");
    return `{ kind: "struct", ${common}, ${view}, fields: [${fields}] }`;
  }
  const cases = declaration.cases.map(({ name: caseName, value, field }) =>
    `[${value}, { name: "${caseName}", field: ${field ? `"${field.name}"` : "undefined"} }]`
  );
  return `{ kind: "union", ${common}, ${view}, key: "${declaration.key}", cases: new Map<number, { name: string; field: string | undefined }>([${
    cases.join(", ")
  }]) }`;
}
