/**
 * A node as JSON Schema 2020-12, for editors: it takes what a file may hold, thus also the string
 * form of a number and any text with `${VAR}`.
 */

import type { Field, Node, NumberRules } from "./node.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

const VARIABLE = "\\$\\{";
const DIGITS = "^\\s*[-+]?\\d+\\s*$";
const DECIMAL = "^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*$";
const DURATION = "^\\s*((\\d+(\\.\\d+)?(ms|s|m|h|d|w))+|\\d+)\\s*$";
const SIZE = "^\\s*\\d+(\\.\\d+)? ?([bB]|[kKmMgGtT][iI]?[bB]?)?\\s*$";
const FLAG = "^\\s*([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])\\s*$";

function orText(schema: JsonSchema, pattern: string): JsonSchema {
  return { anyOf: [schema, { type: "string", pattern: `${pattern}|${VARIABLE}` }] };
}

/** Schemas by definition, filled as they are met; without it they are written out in place. */
export type Definitions = Map<string, JsonSchema>;

export function emitJsonSchema(node: Node, definitions?: Definitions): JsonSchema {
  switch (node.kind) {
    case "integer":
      return orText({ type: "integer", ...limits(node.rules) }, DIGITS);
    case "number":
      return orText({ type: "number", ...limits(node.rules) }, DECIMAL);
    case "boolean":
      return orText({ type: "boolean" }, FLAG);
    case "duration":
      return orText({ type: "number", minimum: 0 }, DURATION);
    case "size":
      return orText({ type: "number", minimum: 0 }, SIZE);
    case "secret":
      return { type: "string", writeOnly: true };
    case "place":
      return { type: "string", minLength: 1 };
    case "unknown":
      return {};
    case "text":
      return {
        type: "string",
        ...(node.pattern === undefined ? {} : { pattern: `${node.pattern}|${VARIABLE}` }),
        ...(node.minLength === undefined ? {} : { minLength: node.minLength }),
        ...(node.maxLength === undefined ? {} : { maxLength: node.maxLength }),
      };
    case "choice":
      return { anyOf: [{ enum: node.values }, { type: "string", pattern: VARIABLE }] };
    case "list":
      return emitList(node.item, node.split, definitions);
    case "mapping":
      return { type: "object", additionalProperties: emitJsonSchema(node.item, definitions) };
    case "either":
      return { anyOf: node.branches.map((branch) => emitJsonSchema(branch, definitions)) };
    case "fields":
      return node.name === undefined || definitions === undefined
        ? emitFields(node.fields, definitions)
        : reference(node.name, node.fields, definitions);
  }
}

function reference(
  name: string,
  fields: readonly Field[],
  definitions: Definitions,
): JsonSchema {
  if (!definitions.has(name)) definitions.set(name, emitFields(fields, definitions));
  return { $ref: `#/$defs/${name}` };
}

function emitFields(fields: readonly Field[], definitions: Definitions | undefined): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(
      fields.map((field) => [field.name, emitField(field, definitions)]),
    ),
    required: fields.filter((field) => field.required).map((field) => field.name),
    additionalProperties: false,
  };
}

function emitList(
  item: Node,
  split: boolean,
  definitions: Definitions | undefined,
): JsonSchema {
  const list = { type: "array", items: emitJsonSchema(item, definitions) };
  return split ? { anyOf: [list, { type: ["string", "number", "boolean"] }] } : list;
}

function emitField(field: Field, definitions: Definitions | undefined): JsonSchema {
  return {
    description: field.doc.trim(),
    ...(field.fallback === undefined || field.fallback === null ? {} : { default: field.fallback }),
    ...emitJsonSchema(field.node, definitions),
  };
}

function limits({ min, max, openMin, openMax }: NumberRules): JsonSchema {
  return {
    ...(min === undefined ? {} : { [openMin ? "exclusiveMinimum" : "minimum"]: min }),
    ...(max === undefined ? {} : { [openMax ? "exclusiveMaximum" : "maximum"]: max }),
  };
}
