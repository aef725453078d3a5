/** The JSON Schema of a whole pipeline file: the file's form, and each component's config by type. */

import { pipelineJsonSchema } from "../gen/pipeline.ts";
import type { ComponentDeclaration } from "./declaration.ts";
import { isMapping } from "./structures.ts";

type Schema = Record<string, unknown>;

const SECTIONS = [["source", "source"], ["sources", "source"], ["processors", "processor"], [
  "sinks",
  "sink",
], ["consumers", "sink"]] as const;

/**
 * The schema for editors. Under `sources` only sources are offered, and so on; `config` and
 * `params` are checked by `type`, which may be any name or alias, and older keys are allowed.
 */
export function fileJsonSchema(declarations: readonly ComponentDeclaration[]): Schema {
  const schema = structuredClone(pipelineJsonSchema) as Schema;
  const definitions = record(schema["$defs"]);
  const specProperties = record(record(definitions["Spec"])["properties"]);
  for (const declaration of declarations) {
    definitions[configName(declaration)] = configWithAliases(declaration);
  }
  for (const [section, role] of SECTIONS) {
    const fitting = declarations.filter((declaration) =>
      declaration.role === role || (role === "processor" && declaration.role === "sink")
    );
    const name = componentName(role);
    definitions[name] ??= componentSchema(fitting);
    const property = record(specProperties[section]);
    if (section === "source") property["$ref"] = `#/$defs/${name}`;
    else property["items"] = { $ref: `#/$defs/${name}` };
  }
  return {
    ...schema,
    $id: "https://flowctl.dev/schema/pipeline.json",
    title: "flowctl pipeline",
  };
}

/** The schema of one component's config. */
export function configJsonSchema(declaration: ComponentDeclaration): Schema {
  return { ...declaration.configJsonSchema, title: `flowctl ${declaration.name} config` };
}

function componentName(role: string): string {
  return `Component.${role}`;
}

function configName(declaration: ComponentDeclaration): string {
  return `config.${declaration.name}`;
}

function componentSchema(declarations: readonly ComponentDeclaration[]): Schema {
  const names = declarations.flatMap(({ name, aliases }) => [name, ...aliases]);
  return {
    allOf: [
      { $ref: "#/$defs/Component" },
      {
        properties: {
          type: { anyOf: [{ enum: [...names, "external"] }, { type: "string" }] },
        },
      },
      ...declarations.map((declaration) => ({
        if: {
          properties: { type: { enum: [declaration.name, ...declaration.aliases] } },
          required: ["type"],
          not: { anyOf: [{ required: ["command"] }, { required: ["endpoint"] }] },
        },
        then: {
          properties: {
            config: { $ref: `#/$defs/${configName(declaration)}` },
            params: { $ref: `#/$defs/${configName(declaration)}` },
          },
        },
      })),
    ],
  };
}

/** Older keys are allowed; a config that a function rewrites may have any keys. */
function configWithAliases(declaration: ComponentDeclaration): Schema {
  const { $schema: _, required, ...schema } = declaration.configJsonSchema;
  const properties = { ...record(schema["properties"]) };
  const aliases = Object.entries(declaration.configAliases ?? {});
  for (const [older, today] of aliases) {
    properties[older] ??= {
      ...record(properties[today]),
      description: `Older name of ${today}.`,
      deprecated: true,
    };
  }
  const renamed = new Set(aliases.map(([, today]) => today));
  const needed = Array.isArray(required) ? required.filter((key) => !renamed.has(String(key))) : [];
  return declaration.rewriteConfig === undefined
    ? { ...schema, properties, required: needed }
    : { ...schema, properties, additionalProperties: true };
}

function record(value: unknown): Schema {
  return isMapping(value) ? value : {};
}
