/** A config schema between CUE and what is emitted from it: one node per kind of value. */

import { isDeepStrictEqual } from "node:util";
import type { CueSchema } from "./cue.ts";
import { GenerateError } from "./step.ts";

export interface NumberRules {
  readonly min?: number;
  readonly max?: number;
  readonly openMin: boolean;
  readonly openMax: boolean;
}

export type Node =
  | { readonly kind: "integer" | "number"; readonly rules: NumberRules }
  | { readonly kind: "boolean" | "duration" | "size" | "secret" | "place" | "unknown" }
  | {
    readonly kind: "text";
    readonly pattern?: string;
    /** What the pattern asks for, in words: the doc comment of its definition. */
    readonly what?: string;
    readonly minLength?: number;
    readonly maxLength?: number;
  }
  | { readonly kind: "choice"; readonly values: readonly (string | number | boolean)[] }
  /** `split`: text stands for a list, too. */
  | { readonly kind: "list"; readonly item: Node; readonly split: boolean }
  | { readonly kind: "mapping"; readonly item: Node }
  /** `name`: of the definition, where it is one. */
  | { readonly kind: "fields"; readonly fields: readonly Field[]; readonly name?: string }
  | { readonly kind: "either"; readonly branches: readonly Node[] };

export interface Field {
  readonly name: string;
  readonly doc: string;
  readonly required: boolean;
  /** As CUE has it, thus "30s" for a duration; undefined: none. */
  readonly fallback: unknown;
  readonly node: Node;
}

/** Definitions of common.cue that stand for a kind of their own, found by what they look like. */
const MARKED = {
  Duration: "duration",
  Size: "size",
  Secret: "secret",
  Place: "place",
} as const;

export class NodeReader {
  readonly #definitions: Readonly<Record<string, CueSchema>>;
  readonly #documented: Readonly<Record<string, CueSchema>>;

  /** `documented`: the definitions by the encoder that keeps doc comments. */
  constructor(
    definitions: Readonly<Record<string, CueSchema>>,
    documented: Readonly<Record<string, CueSchema>>,
  ) {
    this.#definitions = definitions;
    this.#documented = documented;
  }

  /** `documented` is the same schema by the encoder that keeps doc comments; `path` for errors. */
  read(schema: CueSchema, documented: CueSchema | undefined, path: string): Node {
    if (schema.$ref !== undefined) {
      const name = nameOf(schema.$ref);
      const target = this.#definitions[name];
      if (target === undefined) throw new GenerateError(`${path}: there is no definition #${name}`);
      return named(this.read(target, this.#documented[name], path), name, target.description);
    }
    if (documented?.$ref !== undefined) {
      return this.read(schema, this.#documented[nameOf(documented.$ref)], path);
    }
    const marked = this.#marked(schema);
    if (marked !== undefined) return { kind: marked };
    const merged = this.#merged(schema);
    if (merged !== undefined) return this.read(merged, documented, path);
    if (schema.allOf !== undefined || schema.not !== undefined) {
      throw new GenerateError(
        `${path}: this mix of constraints has no counterpart in JSON Schema; use a plainer type ` +
          `(schemas/README.md lists them)`,
      );
    }
    const branches = schema.oneOf ?? schema.anyOf;
    if (branches !== undefined) return this.#either(branches, documented, path);
    if (schema.enum !== undefined) {
      return { kind: "choice", values: schema.enum as (string | number | boolean)[] };
    }
    switch (schema.type) {
      case "integer":
      case "number":
        return { kind: schema.type, rules: numberRules(schema) };
      case "boolean":
        return { kind: "boolean" };
      case "string":
        return {
          kind: "text",
          ...(schema.pattern === undefined ? {} : { pattern: schema.pattern }),
          ...(schema.minLength === undefined ? {} : { minLength: schema.minLength }),
          ...(schema.maxLength === undefined ? {} : { maxLength: schema.maxLength }),
        };
      case "array":
        return listOf(
          schema.items === undefined
            ? { kind: "unknown" }
            : this.read(schema.items, documented?.items, `${path}[]`),
        );
      case "object":
        return this.#object(schema, documented, path);
      case undefined:
        return { kind: "unknown" };
      default:
        throw new GenerateError(`${path}: the type ${schema.type} is not supported`);
    }
  }

  #marked(schema: CueSchema): "duration" | "size" | "secret" | "place" | undefined {
    for (const [name, kind] of Object.entries(MARKED)) {
      const definition = this.#definitions[name];
      if (definition !== undefined && sameConstraint(schema, definition)) return kind;
    }
    return undefined;
  }

  /** `#Int & >=1` comes as a conjunction of the reference and the bound. */
  #merged({ allOf, ...rest }: CueSchema): CueSchema | undefined {
    if (allOf === undefined) return undefined;
    const parts = allOf.map((part) =>
      part.$ref === undefined ? part : this.#definitions[nameOf(part.$ref)] ?? part
    );
    if (!parts.every(isPlainNumber)) return undefined;
    const numbers = (key: "minimum" | "maximum") =>
      parts.map((part) => part[key]).filter((bound) => bound !== undefined);
    const [low, high] = [numbers("minimum"), numbers("maximum")];
    return {
      ...rest,
      type: parts.some((part) => part.type === "integer") ? "integer" : "number",
      ...(low.length === 0 ? {} : { minimum: Math.max(...low) }),
      ...(high.length === 0 ? {} : { maximum: Math.min(...high) }),
    };
  }

  #either(
    branches: readonly CueSchema[],
    documented: CueSchema | undefined,
    path: string,
  ): Node {
    const nodes = branches.map((branch, at) => {
      // The OpenAPI encoder forgets inside alternatives that a bounded number is whole.
      const type = branch.type === "number" ? this.#numberType(documented, path) : branch.type;
      return this.read(
        type === undefined ? branch : { ...branch, type },
        undefined,
        `${path}, alternative ${at + 1}`,
      );
    });
    if (!nodes.some((node) => node.kind === "text")) return { kind: "either", branches: nodes };
    // Plain text takes everything, so it comes last, and is not split into a list.
    const rank = (node: Node) => node.kind === "text" ? 1 : 0;
    return {
      kind: "either",
      branches: nodes.toSorted((a, b) => rank(a) - rank(b)).map((node) =>
        node.kind === "list" ? { ...node, split: false } : node
      ),
    };
  }

  #numberType(documented: CueSchema | undefined, path: string): "integer" | "number" {
    const types = this.#numberTypes(documented);
    const [type] = types;
    if (type === undefined || types.size > 1) {
      throw new GenerateError(
        `${path}: whether the number among the alternatives is whole cannot be told; ` +
          `give the alternatives a definition of their own`,
      );
    }
    return type;
  }

  #numberTypes(schema: CueSchema | undefined): Set<"integer" | "number"> {
    if (schema === undefined) return new Set();
    if (schema.$ref !== undefined) return this.#numberTypes(this.#documented[nameOf(schema.$ref)]);
    const found = new Set<"integer" | "number">();
    for (const branch of [...schema.anyOf ?? [], ...schema.oneOf ?? []]) {
      for (const type of this.#numberTypes(branch)) found.add(type);
    }
    const all = (schema.allOf ?? []).flatMap((each) => [...this.#numberTypes(each)]);
    if (all.length > 0) found.add(all.includes("integer") ? "integer" : "number");
    if (schema.type === "integer" || schema.type === "number") found.add(schema.type);
    return found;
  }

  #object(schema: CueSchema, documented: CueSchema | undefined, path: string): Node {
    const { properties, additionalProperties } = schema;
    if (properties === undefined) {
      const item = typeof additionalProperties === "object"
        ? this.read(additionalProperties, undefined, `${path}.*`)
        : { kind: "unknown" as const };
      return { kind: "mapping", item };
    }
    if (additionalProperties !== undefined) {
      throw new GenerateError(`${path}: named fields and [string]: … cannot be mixed`);
    }
    const fields = Object.entries(properties).map(([name, property]) =>
      this.#field(name, property, schema, documented?.properties?.[name], `${path}.${name}`)
    );
    return { kind: "fields", fields };
  }

  #field(
    name: string,
    schema: CueSchema,
    owner: CueSchema,
    documented: CueSchema | undefined,
    path: string,
  ): Field {
    const doc = documented?.description ?? schema.description;
    if (doc === undefined) {
      throw new GenerateError(`${path}: a doc comment is missing (it becomes the help text)`);
    }
    const node = this.read(schema, documented, path);
    const required = owner.required?.includes(name) === true;
    const fallback = schema.default ?? (required ? impliedDefault(node) : undefined);
    return {
      name,
      doc,
      node,
      fallback,
      required: required && fallback === undefined && schema.nullable !== true,
    };
  }
}

function named(node: Node, name: string, doc: string | undefined): Node {
  if (node.kind === "fields") return { ...node, name };
  if (node.kind !== "text" || node.pattern === undefined || doc === undefined) return node;
  const sentence = doc.split(/\.(?:\s|$)/, 1)[0] ?? doc;
  return { ...node, what: sentence.charAt(0).toLowerCase() + sentence.slice(1) };
}

function listOf(item: Node): Node {
  const split = !["fields", "list", "mapping", "unknown", "either"].includes(item.kind);
  return { kind: "list", item, split };
}

/** A structure whose members all have defaults, a list and a mapping may be left out in CUE. */
function impliedDefault(node: Node): unknown {
  switch (node.kind) {
    case "list":
      return [];
    case "mapping":
      return {};
    case "fields":
      return node.fields.some((field) => field.required) ? undefined : {};
    default:
      return undefined;
  }
}

/** A number with inclusive bounds or none: what can be joined with another such. */
function isPlainNumber(schema: CueSchema): boolean {
  const { type, minimum: _, maximum: __, description: ___, ...rest } = schema;
  return Object.keys(rest).length === 0 &&
    (type === undefined || type === "integer" || type === "number");
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

function numberRules(schema: CueSchema): NumberRules {
  return {
    ...(schema.minimum === undefined ? {} : { min: schema.minimum }),
    ...(schema.maximum === undefined ? {} : { max: schema.maximum }),
    openMin: schema.exclusiveMinimum === true,
    openMax: schema.exclusiveMaximum === true,
  };
}

/** Equal but for description and default; the encoder may turn alternatives around. */
function sameConstraint(a: CueSchema, b: CueSchema): boolean {
  return isDeepStrictEqual(bare(a), bare(b));
}

function bare(schema: CueSchema): unknown {
  const { description: _, default: __, nullable: ___, oneOf, ...rest } = schema;
  if (oneOf === undefined) return rest;
  return { ...rest, oneOf: oneOf.map((branch) => JSON.stringify(bare(branch))).toSorted() };
}
