/** What the generator derives from the types: sizes, recursion, nesting. */

import type { Declaration, Model, Type } from "./model.ts";

const PRIMITIVE_BYTES = { int32: 4, uint32: 4, int64: 8, uint64: 8, bool: 4, void: 0 } as const;

/** Bytes of a type whose values all have the same length; undefined when they differ. */
export function fixedBytes(model: Model, type: Type): number | undefined {
  return size(model, type, false);
}

/** The same where in addition nothing in the value can be wrong, so that it need not be looked at. */
export function plainBytes(model: Model, type: Type): number | undefined {
  return size(model, type, true);
}

function size(model: Model, type: Type, plain: boolean): number | undefined {
  switch (type.kind) {
    case "bool":
      return plain ? undefined : 4;
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
    case "void":
      return PRIMITIVE_BYTES[type.kind];
    case "opaque":
      return plain && type.length % 4 !== 0 ? undefined : (type.length + 3) & ~3;
    case "fixedArray": {
      const element = size(model, type.element, plain);
      return element === undefined ? undefined : element * type.length;
    }
    case "named":
      return isRecursive(model, type.name)
        ? undefined
        : declaredSize(model, declarationOf(model, type.name), plain);
    default:
      return undefined;
  }
}

function declaredSize(
  model: Model,
  declaration: Declaration,
  plain: boolean,
): number | undefined {
  if (declaration.kind === "enum") return plain ? undefined : 4;
  if (declaration.kind === "union") {
    if (plain) return undefined;
    const arms = new Set(
      declaration.cases.map(({ field }) => field ? size(model, field.type, plain) : 0),
    );
    const [only] = arms;
    return arms.size === 1 && only !== undefined ? 4 + only : undefined;
  }
  let total = 0;
  for (const field of declaration.fields) {
    const bytes = size(model, field.type, plain);
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}

export function declarationOf(model: Model, name: string): Declaration {
  const declaration = model.get(name);
  if (declaration === undefined) throw new Error(`no XDR type ${name}`);
  return declaration;
}

const reach = new WeakMap<Model, Map<string, ReadonlySet<string>>>();

/** True when a value of that type may hold, at any depth, another of the same type. */
export function isRecursive(model: Model, name: string): boolean {
  let known = reach.get(model);
  if (known === undefined) reach.set(model, known = new Map());
  let reached = known.get(name);
  if (reached === undefined) known.set(name, reached = reachedFrom(model, name));
  return reached.has(name);
}

function reachedFrom(model: Model, start: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = [start];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    for (const next of referencesOf(declarationOf(model, name))) {
      if (!reached.has(next)) {
        reached.add(next);
        queue.push(next);
      }
    }
  }
  return reached;
}

/** True when both are part of one recursion. */
export function inSameRecursion(model: Model, a: string, b: string): boolean {
  return isRecursive(model, a) && reachedFrom(model, a).has(b) && reachedFrom(model, b).has(a);
}

function referencesOf(declaration: Declaration): string[] {
  if (declaration.kind === "enum") return [];
  const types = declaration.kind === "struct"
    ? declaration.fields.map((field) => field.type)
    : declaration.cases.flatMap(({ field }) => field ? [field.type] : []);
  return types.flatMap(namesIn);
}

function namesIn(type: Type): string[] {
  if (type.kind === "named") return [type.name];
  return "element" in type ? namesIn(type.element) : [];
}
