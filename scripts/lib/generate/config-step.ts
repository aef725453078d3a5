/** Config schemas of the components: `schemas/components/<name>.cue` → `src/gen/config/<name>.ts`. */

import { readdir } from "node:fs/promises";
import { definitionsOf, documentedDefinition } from "./cue.ts";
import {
  definitionsIn,
  emitDoc,
  emitSchema,
  emitType,
  Imports,
  schemaName,
  secretKeysOf,
} from "./emit.ts";
import { type Definitions, emitJsonSchema, type JsonSchema } from "./emit-json-schema.ts";
import { type Node, NodeReader } from "./node.ts";
import { generatedFrom, GenerateError, type Step } from "./step.ts";

const FOLDER = "schemas/components";
export const COMMON = `${FOLDER}/common.cue`;
const OUTPUT = "src/gen/config";

export const configStep: Step = {
  name: "config",
  summary: `config schemas of the components, from ${FOLDER}/*.cue`,
  owns: [OUTPUT],
  async make(only) {
    const names = only.length > 0 ? only : await componentNames();
    const made = await Promise.all(
      names.map(async (name) => [`${OUTPUT}/${name}.ts`, await componentConfig(name)] as const),
    );
    return new Map(made);
  },
};

async function componentNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files.filter((file) => file.endsWith(".cue") && file !== "common.cue")
    .map((file) => file.slice(0, -".cue".length)).toSorted();
}

async function componentConfig(name: string): Promise<string> {
  const file = `${FOLDER}/${name}.cue`;
  const { node, doc } = await readDefinition([COMMON, file], pascal(name));
  return emitModule({
    node,
    doc,
    source: file,
    toSpec: "../../spec",
    type: "Config",
    value: "config",
    hoist: false,
  });
}

/** A definition as a node, with the doc comments of its fields. */
export async function readDefinition(files: readonly string[], definition: string) {
  const definitions = await definitionsOf(files);
  const schema = definitions[definition];
  if (schema === undefined) {
    throw new GenerateError(`${files.at(-1)} must define #${definition}`);
  }
  const documented = await documentedDefinition(files, definition);
  const node = new NodeReader(definitions, documented.$defs ?? {}).read(
    schema,
    documented,
    `#${definition}`,
  );
  const doc = schema.description ?? documented.description ?? "";
  // A component without settings is an empty structure, which looks like a mapping of anything.
  if (node.kind === "mapping" && schema.additionalProperties === undefined) {
    return { node: NO_FIELDS, doc };
  }
  return { node, doc };
}

const NO_FIELDS: Node = { kind: "fields", fields: [] };

interface ModuleParts {
  readonly node: Node;
  readonly doc: string;
  readonly source: string;
  readonly toSpec: string;
  /** Name of the exported type. */
  readonly type: string;
  /** Whether the JSON Schema has `$defs`; a config's has none, so that it can be put into others. */
  readonly hoist: boolean;
  /** Prefix of the exported constants: `<value>Schema`, `<value>JsonSchema`. */
  readonly value: string;
}

export function emitModule({ node, doc, source, toSpec, type, value, hoist }: ModuleParts): string {
  if (node.kind !== "fields") throw new GenerateError(`${source}: the definition has no fields`);
  const imports = new Imports();
  const schema = emitSchema(node, imports);
  const named = [...definitionsIn(node)].filter(([, each]) => each !== node).map(([name, each]) =>
    `export interface ${name} ${emitType(each)}

export const ${schemaName(name)}: v.GenericSchema<unknown, ${name}> = ${emitSchema(each, imports)};

`
  ).join("");
  const description = doc.trim();
  const definitions: Definitions = new Map();
  const root = emitJsonSchema(
    { kind: "fields", fields: node.fields },
    hoist ? definitions : undefined,
  );
  const jsonSchema: JsonSchema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...(description === "" ? {} : { description }),
    ...root,
    ...(definitions.size === 0 ? {} : { $defs: Object.fromEntries(definitions) }),
  };
  return `${generatedFrom(source)}
import ${
    `${schema}${named}`.includes("v.optional") || schema.includes("v.unknown")
      ? "* as v"
      : "type * as v"
  } from "valibot";
${imports.lines(toSpec)}
${named}${description === "" ? "" : emitDoc(description, "")}export interface ${type} ${
    emitType(node)
  }

export const ${value}Schema: v.GenericSchema<unknown, ${type}> = ${schema};

/** For editors and tools; it also takes what \`\${VAR}\` may become. */
export const ${value}JsonSchema: Readonly<Record<string, unknown>> = ${
    JSON.stringify(jsonSchema, null, 2)
  };

/** Keys, dotted where nested, whose values never appear in output, logs or errors. */
export const ${value === "config" ? "secretKeys" : `${value}SecretKeys`}: readonly string[] = ${
    JSON.stringify(secretKeysOf(node))
  };
`;
}

export function pascal(name: string): string {
  return name.split("-").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
}
