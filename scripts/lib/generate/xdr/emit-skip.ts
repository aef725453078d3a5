/** Writes the functions that skip a value: they check it as strictly as the SDK's decode. */

import type { StructDeclaration, Type, UnionDeclaration } from "./model.ts";
import { capital, skipOf } from "./names.ts";
import { inSameRecursion, isRecursive, plainBytes } from "./sizes.ts";
import type { SourceFile } from "./source-file.ts";

/** `xdr, offset` and, inside a recursion, the depth. */
function parameters(file: SourceFile, deep: boolean): string {
  file.bytes("type XdrBytes");
  return `(xdr: XdrBytes, offset: number${deep ? ", depth = 0" : ""}): number`;
}

/** True when a value of that type may hold one of the file's own type. */
function leadsBack(file: SourceFile, type: Type): boolean {
  if (type.kind === "named") return inSameRecursion(file.model, file.name, type.name);
  return "element" in type && leadsBack(file, type.element);
}

/** A length as it stands in the code: most have no bound but that of a uint32. */
export function bound(file: SourceFile, max: number): string {
  return max === 4294967295 ? file.bytes("UNBOUNDED") : String(max);
}

/**
 * The expression for the offset after a value of that type that starts at `at`. `inside`: in a
 * skip function, where the depth of a recursion is known; `above`: arrays and options around it,
 * each of which the SDK counts as one level, like the type itself and a lazy reference.
 */
export function skipExpression(
  file: SourceFile,
  type: Type,
  at: string,
  label: string,
  inside: boolean,
  above = 0,
): string {
  const plain = plainBytes(file.model, type);
  if (plain !== undefined) return plain === 0 ? at : `${at} + ${plain}`;
  switch (type.kind) {
    case "bool":
      return `xdr.skipBool(${at}, "${label}")`;
    case "opaque":
      return `xdr.skipFixed(${at}, ${type.length}, "${label}")`;
    case "varOpaque":
    case "string":
      return `xdr.skipVariable(${at}, ${bound(file, type.max)}, "${label}")`;
    case "named": {
      const deep = inside && leadsBack(file, type)
        ? `, depth + ${1 + above + (type.lazy ? 1 : 0)}`
        : "";
      return `${file.skip(type.name)}(xdr, ${at}${deep})`;
    }
    default: {
      const deep = inside && leadsBack(file, type) ? ", depth" : "";
      return `${helperOf(label)}(xdr, ${at}${deep})`;
    }
  }
}

/** `TransactionMetaV4.operations` → the function that skips this field. */
function helperOf(label: string): string {
  const [type, ...path] = label.split(".");
  return skipOf(type + path.map(capital).join(""));
}

/** The functions for the arrays and options inside a member, innermost first. */
export function emitHelpers(file: SourceFile, type: Type, label: string, above = 0): void {
  if (!("element" in type)) return;
  if (plainBytes(file.model, type) !== undefined) return;
  const { element } = type;
  const inner = `${label}.element`;
  emitHelpers(file, element, inner, above + 1);
  file.line(`function ${helperOf(label)}${parameters(file, leadsBack(file, type))} {`);
  if (type.kind === "option") {
    file.line(
      `  return xdr.bool(offset, "${label}")`,
      `    ? ${skipExpression(file, element, "offset + 4", inner, true, above + 1)}`,
      `    : offset + 4;`,
    );
  } else {
    emitLoop(file, type, element, label, inner, above);
  }
  file.line("}", "");
}

function emitLoop(
  file: SourceFile,
  type: Type & { kind: "array" | "fixedArray" },
  element: Type,
  label: string,
  inner: string,
  above: number,
): void {
  const count = type.kind === "array"
    ? `xdr.count(offset, ${bound(file, type.max)}, "${label}")`
    : `${type.length}`;
  const start = type.kind === "array" ? "offset + 4" : "offset";
  const plain = plainBytes(file.model, element);
  if (plain !== undefined) {
    file.line(`  return ${start} + ${plain} * ${count};`);
    return;
  }
  file.line(
    `  let end = ${start};`,
    `  for (let left = ${count}; left > 0; left--) {`,
    `    end = ${skipExpression(file, element, "end", inner, true, above + 1)};`,
    `  }`,
    `  return end;`,
  );
}

export function emitStructSkip(file: SourceFile, struct: StructDeclaration): void {
  for (const field of struct.fields) emitHelpers(file, field.type, `${struct.name}.${field.name}`);
  file.line(
    `/** The offset after the ${struct.name} at \`offset\`. */`,
    `export function ${skipOf(struct.name)}${
      parameters(file, isRecursive(file.model, file.name))
    } {`,
  );
  const plain = plainBytes(file.model, { kind: "named", name: struct.name, lazy: false });
  if (plain !== undefined) {
    file.line(
      `  if (offset + ${plain} > xdr.length) throw xdr.short(offset, ${plain}, "${struct.name}");`,
    );
    file.line(`  return offset + ${plain};`, "}", "");
    return;
  }
  emitDepthCheck(file);
  file.line("  let end = offset;");
  let pending = 0;
  for (const field of struct.fields) {
    const label = `${struct.name}.${field.name}`;
    const bytes = plainBytes(file.model, field.type);
    if (bytes !== undefined) {
      pending += bytes;
      continue;
    }
    const at = pending === 0 ? "end" : `end + ${pending}`;
    pending = 0;
    file.line(`  end = ${skipExpression(file, field.type, at, label, true)};`);
  }
  file.line(pending === 0 ? "  return end;" : `  return end + ${pending};`, "}", "");
}

export function emitUnionSkip(file: SourceFile, union: UnionDeclaration): void {
  const arms = new Map<string, number[]>();
  const emitted = new Set<string>();
  for (const { field, value } of union.cases) {
    const label = `${union.name}.${field?.name}`;
    if (field !== undefined && !emitted.has(field.name)) {
      emitted.add(field.name);
      emitHelpers(file, field.type, label);
    }
    const code = field === undefined
      ? "offset + 4"
      : skipExpression(file, field.type, "offset + 4", label, true);
    const folded = code.replace(/^offset \+ 4 \+ (\d+)$/, (_, n) => `offset + ${4 + Number(n)}`);
    arms.set(folded, [...arms.get(folded) ?? [], value]);
  }
  file.line(
    `/** The offset after the ${union.name} at \`offset\`. */`,
    `export function ${skipOf(union.name)}${
      parameters(file, isRecursive(file.model, file.name))
    } {`,
  );
  emitDepthCheck(file);
  file.line(`  switch (xdr.int32(offset, "${union.name}")) {`);
  for (const [code, values] of arms) {
    file.line(...values.map((value) => `    case ${value}:`), `      return ${code};`);
  }
  const unknown = file.bytes("unknownArm");
  file.line(
    "    default:",
    `      throw ${unknown}("${union.name}", offset, xdr.int32(offset, "${union.name}"));`,
    "  }",
    "}",
    "",
  );
}

function emitDepthCheck(file: SourceFile): void {
  if (!isRecursive(file.model, file.name)) return;
  const max = file.bytes("MAX_DEPTH");
  const tooDeep = file.bytes("tooDeep");
  file.line(`  if (depth >= ${max}) throw ${tooDeep}("${file.name}", offset);`);
}
