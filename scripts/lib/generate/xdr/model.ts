/** The XDR types of Stellar as plain data, taken from the schemas that the SDK's classes carry. */

import { GenerateError } from "../step.ts";

export type PrimitiveKind = "int32" | "uint32" | "int64" | "uint64" | "bool" | "void";

export type Type =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: "opaque"; readonly length: number }
  | { readonly kind: "varOpaque" | "string"; readonly max: number }
  | { readonly kind: "array"; readonly element: Type; readonly max: number }
  | { readonly kind: "fixedArray"; readonly element: Type; readonly length: number }
  | { readonly kind: "option"; readonly element: Type }
  /** `lazy`: the SDK counts such a reference as one more level of nesting. */
  | { readonly kind: "named"; readonly name: string; readonly lazy: boolean };

export interface Field {
  readonly name: string;
  readonly type: Type;
}

export interface StructDeclaration {
  readonly kind: "struct";
  readonly name: string;
  readonly fields: readonly Field[];
}

export interface UnionCase {
  /** The SDK's name of the case. */
  readonly name: string;
  readonly value: number;
  /** Undefined: the arm is void. */
  readonly field: Field | undefined;
}

export interface UnionDeclaration {
  readonly kind: "union";
  readonly name: string;
  /** What the XDR calls the discriminant: `type`, `v`, `code`. */
  readonly key: string;
  /** The enum of the discriminant; undefined: an int. */
  readonly switchOn: string | undefined;
  readonly cases: readonly UnionCase[];
}

export interface EnumDeclaration {
  readonly kind: "enum";
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly value: number }[];
}

export type Declaration = StructDeclaration | UnionDeclaration | EnumDeclaration;
export type Model = ReadonlyMap<string, Declaration>;

/** What the generator reads of an SDK schema; each kind has some of it. */
interface Schema {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly length?: number;
  readonly maxLength?: number;
  readonly element?: Schema;
  readonly getSchema?: () => Schema;
  readonly entries?: readonly (readonly [string, Schema])[];
  readonly nameByValue?: ReadonlyMap<number, string>;
  readonly switchOn?: Schema;
  readonly switchKey?: string;
  readonly cases?: readonly {
    readonly name: string;
    readonly discriminant: number;
    readonly arm: Schema | { readonly name: string; readonly schema: Schema };
  }[];
  readonly defaultArm?: unknown;
}

/** Every declaration that the given schemas reach, in the order of their names. */
export function readModel(roots: readonly unknown[]): Model {
  const found = new Map<string, Declaration>();
  for (const root of roots) typeOf(root as Schema, found);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function typeOf(schema: Schema, found: Map<string, Declaration>, lazy = false): Type {
  switch (schema.kind) {
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
    case "bool":
    case "void":
      return { kind: schema.kind };
    case "opaque":
      return { kind: "opaque", length: need(schema.length) };
    case "varOpaque":
    case "string":
      return { kind: schema.kind, max: need(schema.maxLength) };
    case "array":
      return {
        kind: "array",
        element: typeOf(need(schema.element), found),
        max: need(schema.maxLength),
      };
    case "fixedArray":
      return {
        kind: "fixedArray",
        element: typeOf(need(schema.element), found),
        length: need(schema.length),
      };
    case "option":
      return { kind: "option", element: typeOf(need(schema.element), found) };
    case "lazy":
      return typeOf(need(schema.getSchema)(), found, true);
    case "struct":
    case "union":
    case "enum":
      declare(schema, found);
      return { kind: "named", name: need(schema.name), lazy };
    default:
      throw new GenerateError(`the SDK has a schema of kind ${schema.kind}, which is new`);
  }
}

function declare(schema: Schema, found: Map<string, Declaration>): void {
  const name = need(schema.name);
  if (found.has(name)) return;
  // Holds the place while the members are read, so that recursion ends.
  found.set(name, { kind: "struct", name, fields: [] });
  found.set(name, declarationOf(schema, name, found));
}

function declarationOf(
  schema: Schema,
  name: string,
  found: Map<string, Declaration>,
): Declaration {
  if (schema.kind === "enum") {
    const members = [...need(schema.nameByValue)].map(([value, member]) => ({
      name: member,
      value,
    }));
    return { kind: "enum", name, members };
  }
  if (schema.kind === "struct") {
    const fields = need(schema.entries).map(([field, type]) => ({
      name: field,
      type: typeOf(type, found),
    }));
    return { kind: "struct", name, fields };
  }
  if (schema.defaultArm !== undefined) {
    throw new GenerateError(`union ${name} has a default arm, which is new`);
  }
  const switchOn = typeOf(need(schema.switchOn), found);
  const cases = need(schema.cases).map(({ name: caseName, discriminant, arm }) => ({
    name: caseName,
    value: discriminant,
    field: "schema" in arm ? { name: arm.name, type: typeOf(arm.schema, found) } : undefined,
  }));
  return {
    kind: "union",
    name,
    key: need(schema.switchKey),
    switchOn: switchOn.kind === "named" ? switchOn.name : undefined,
    cases,
  };
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new GenerateError("the SDK's schemas have changed their shape");
  return value;
}
