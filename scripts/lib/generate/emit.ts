/** A node as TypeScript: the valibot schema, the type, and the JSON Schema for editors. */

import type { Field, Node, NumberRules } from "./node.ts";

/** The value builders that an emitted schema calls, by the file that exports them. */
export class Imports {
  readonly #names = new Map<string, Set<string>>();

  use(file: "values" | "structures", name: string): string {
    const names = this.#names.get(file) ?? new Set();
    this.#names.set(file, names.add(name));
    return name;
  }

  /** `toSpec`: the path from the emitted file to `src/spec`. */
  lines(toSpec: string): string {
    return [...this.#names].toSorted(([a], [b]) => a < b ? -1 : 1).map(([file, names]) =>
      `import { ${[...names].toSorted().join(", ")} } from "${toSpec}/${file}.ts";\n`
    ).join("");
  }
}

export function emitSchema(node: Node, imports: Imports, indent = ""): string {
  const call = (file: "values" | "structures", name: string, ...args: string[]) =>
    `${imports.use(file, name)}(${args.filter((arg) => arg !== "").join(", ")})`;
  switch (node.kind) {
    case "integer":
      return call("values", "integer", bounds(node.rules));
    case "number":
      return call("values", "decimal", bounds(node.rules));
    case "boolean":
      return call("values", "flag");
    case "duration":
    case "size":
    case "secret":
      return call("values", node.kind);
    case "place":
      return call("values", "text", `{ minLength: 1, what: "a URL or a path" }`);
    case "unknown":
      return "v.unknown()";
    case "text":
      return call("values", "text", textRules(node));
    case "choice":
      return call("values", "choice", JSON.stringify(node.values));
    case "list":
      return call(
        "structures",
        "list",
        emitSchema(node.item, imports, indent),
        node.split ? "{ split: true }" : "",
      );
    case "mapping":
      return call("structures", "mapping", emitSchema(node.item, imports, indent));
    case "either":
      return call(
        "structures",
        "either",
        ...node.branches.map((branch) => emitSchema(branch, imports, indent)),
      );
    case "fields": {
      if (node.name !== undefined && indent !== "") return schemaName(node.name);
      const inner = `${indent}  `;
      const lines = node.fields.map((field) =>
        `${inner}${key(field.name)}: ${emitField(field, imports, inner)},\n`
      );
      return call("structures", "fields", `{\n${lines.join("")}${indent}}`);
    }
  }
}

export function schemaName(definition: string): string {
  return `${definition.charAt(0).toLowerCase()}${definition.slice(1)}Schema`;
}

/** Definitions that a node refers to, each after those that it refers to itself. */
export function definitionsIn(node: Node, found = new Map<string, Node>()): Map<string, Node> {
  switch (node.kind) {
    case "list":
    case "mapping":
      return definitionsIn(node.item, found);
    case "either":
      for (const branch of node.branches) definitionsIn(branch, found);
      return found;
    case "fields":
      if (node.name !== undefined && found.has(node.name)) return found;
      for (const field of node.fields) definitionsIn(field.node, found);
      return node.name === undefined ? found : found.set(node.name, node);
    default:
      return found;
  }
}

function emitField(field: Field, imports: Imports, indent: string): string {
  const schema = emitSchema(field.node, imports, indent);
  if (field.required) return schema;
  if (field.fallback === undefined || field.fallback === null) return `v.optional(${schema})`;
  return `v.optional(${schema}, ${defaultLiteral(field.fallback)})`;
}

/** Lists and mappings are made anew for each config. */
function defaultLiteral(fallback: unknown): string {
  const literal = JSON.stringify(fallback);
  return typeof fallback === "object" ? `() => (${literal})` : literal;
}

function bounds({ min, max, openMin, openMax }: NumberRules): string {
  const open = openMin && openMax ? "both" : openMin ? "min" : openMax ? "max" : undefined;
  return objectLiteral({ min, max, open });
}

function textRules(node: Node & { kind: "text" }): string {
  const { minLength, maxLength, pattern, what } = node;
  const rest = objectLiteral({ minLength, maxLength, what });
  if (pattern === undefined) return rest;
  const regex = `pattern: /${pattern.replaceAll("/", "\\/")}/u`;
  return rest === "" ? `{ ${regex} }` : rest.replace("{ ", `{ ${regex}, `);
}

function objectLiteral(members: Readonly<Record<string, unknown>>): string {
  const present = Object.entries(members).filter(([, member]) => member !== undefined);
  if (present.length === 0) return "";
  return `{ ${present.map(([name, member]) => `${name}: ${JSON.stringify(member)}`).join(", ")} }`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

export function emitType(node: Node, indent = ""): string {
  switch (node.kind) {
    case "integer":
    case "number":
    case "duration":
    case "size":
      return "number";
    case "boolean":
      return "boolean";
    case "secret":
    case "place":
    case "text":
      return "string";
    case "unknown":
      return "unknown";
    case "choice":
      return node.values.map((each) => JSON.stringify(each)).join(" | ");
    case "list":
      return `readonly ${parenthesised(emitType(node.item, indent))}[]`;
    case "mapping":
      return `Readonly<Record<string, ${emitType(node.item, indent)}>>`;
    case "either":
      return [...new Set(node.branches.map((branch) => emitType(branch, indent)))].join(" | ");
    case "fields": {
      if (node.name !== undefined && indent !== "") return node.name;
      const inner = `${indent}  `;
      return `{\n${node.fields.map((field) => emitMember(field, inner)).join("")}${indent}}`;
    }
  }
}

function parenthesised(type: string): string {
  return / \| |^readonly /.test(type) ? `(${type})` : type;
}

function emitMember(field: Field, indent: string): string {
  const present = field.required || (field.fallback !== undefined && field.fallback !== null);
  const type = emitType(field.node, indent);
  return emitDoc(docOf(field), indent) +
    `${indent}readonly ${key(field.name)}${present ? "" : "?"}: ${type}${
      present ? "" : " | undefined"
    };\n`;
}

/** The doc comment with the unit that the value has once read, and its default. */
function docOf({ doc, node, fallback }: Field): string {
  const unit = node.kind === "duration"
    ? " In milliseconds."
    : node.kind === "size"
    ? " In bytes."
    : "";
  const shown = fallback === undefined || fallback === null
    ? ""
    : ` Default: ${literal(fallback)}.`;
  return `${doc.trim()}${unit}${shown}`;
}

function literal(fallback: unknown): string {
  return typeof fallback === "string" ? fallback || '""' : JSON.stringify(fallback);
}

export function emitDoc(doc: string, indent: string): string {
  const lines = doc.replaceAll("*/", "*\\/").split("\n").map((line) => line.trimEnd());
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${
    lines.map((line) => `${indent} *${line && ` ${line}`}\n`).join("")
  }${indent} */\n`;
}

/** Keys whose values are secret, dotted where they are nested: what `secretKeys` exports. */
export function secretKeysOf(node: Node, prefix = ""): string[] {
  if (node.kind !== "fields") return [];
  return node.fields.flatMap((field) => {
    const path = `${prefix}${field.name}`;
    return holdsSecret(field.node) ? [path] : secretKeysOf(field.node, `${path}.`);
  });
}

function holdsSecret(node: Node): boolean {
  switch (node.kind) {
    case "secret":
      return true;
    case "list":
    case "mapping":
      return holdsSecret(node.item) || secretKeysOf(node.item).length > 0;
    case "either":
      return node.branches.some(holdsSecret);
    default:
      return false;
  }
}
