/** Writes the view classes: a getter for each field, which reads in place. */

import { bound, skipExpression } from "./emit-skip.ts";
import type { Field, StructDeclaration, Type, UnionDeclaration } from "./model.ts";
import { capital, lower, viewOf } from "./names.ts";
import { declarationOf, fixedBytes } from "./sizes.ts";
import type { SourceFile } from "./source-file.ts";

/** Names that every view has, so that no field may have them. */
const RESERVED = ["xdr", "offset", "endOffset", "toXdr", "toXdrBase64", "constructor"];

function typeText(file: SourceFile, type: Type): string {
  switch (type.kind) {
    case "int32":
    case "uint32":
      return "number";
    case "int64":
    case "uint64":
      return "bigint";
    case "bool":
      return "boolean";
    case "opaque":
    case "varOpaque":
      return "Uint8Array";
    case "string":
      return "string";
    case "array":
    case "fixedArray":
      return `${file.runtime("ArrayView")}<${typeText(file, type.element)}>`;
    case "option":
      return `${typeText(file, type.element)} | null`;
    case "named":
      return file.typeName(type.name);
    case "void":
      return "undefined";
  }
}

/** The expression that reads a value of that type at `at`, given the bytes as `xdr`. */
function readExpression(
  file: SourceFile,
  type: Type,
  at: string,
  label: string,
  xdr: string,
): string {
  switch (type.kind) {
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
    case "bool":
      return `${xdr}.${type.kind}(${at}, "${label}")`;
    case "opaque":
      return `${xdr}.fixed(${at}, ${type.length}, "${label}")`;
    case "varOpaque":
      return `${xdr}.variable(${at}, ${bound(file, type.max)}, "${label}")`;
    case "string":
      return `${xdr}.text(${at}, ${bound(file, type.max)}, "${label}")`;
    case "array":
      return `new ${file.runtime("ArrayView")}(${xdr}, ${plus(at, 4)}, ${xdr}.count(${at}, ${
        bound(file, type.max)
      }, "${label}"), ${elementsOf(label)})`;
    case "fixedArray":
      return `new ${file.runtime("ArrayView")}(${xdr}, ${at}, ${type.length}, ${
        elementsOf(label)
      })`;
    case "option":
      return `${xdr}.bool(${at}, "${label}") ? ${
        readExpression(file, type.element, plus(at, 4), label, xdr)
      } : null`;
    case "named":
      return declarationOf(file.model, type.name).kind === "enum"
        ? `${file.read(type.name)}(${xdr}, ${at})`
        : `new ${file.typeName(type.name)}(${xdr}, ${at})`;
    case "void":
      return "undefined";
  }
}

function plus(at: string, bytes: number): string {
  const folded = /^(.*) \+ (\d+)$/.exec(at);
  return folded ? `${folded[1]} + ${Number(folded[2]) + bytes}` : `${at} + ${bytes}`;
}

/** The constant that says how the elements of an array field are read. */
function elementsOf(label: string): string {
  const [type, ...path] = label.split(".");
  return `${lower(type ?? "")}${path.map(capital).join("")}Elements`;
}

function emitElements(file: SourceFile, type: Type, label: string): void {
  if (type.kind === "option") return emitElements(file, type.element, label);
  if (type.kind !== "array" && type.kind !== "fixedArray") return;
  const { element } = type;
  const inner = `${label}.element`;
  emitElements(file, element, inner);
  const skip = skipExpression(file, element, "offset", inner, false);
  file.line(
    `const ${elementsOf(label)}: ${file.runtime("type ElementShape")}<${
      typeText(file, element)
    }> = {`,
    `  skip: (${skip.includes("xdr") ? "xdr" : "_xdr"}, offset) => ${skip},`,
    `  read: (xdr, offset) => ${readExpression(file, element, "offset", inner, "xdr")},`,
    "};",
    "",
  );
}

/** A string field is read as text, and beside it as bytes, for it need not be UTF-8. */
function bytesOfText(type: Type): Type | undefined {
  if (type.kind === "string") return { kind: "varOpaque", max: type.max };
  if (type.kind !== "option") return undefined;
  const element = bytesOfText(type.element);
  return element && { kind: "option", element };
}

function describe(type: Type): string {
  switch (type.kind) {
    case "opaque":
      return `${type.length} bytes`;
    case "varOpaque":
      return type.max === 4294967295 ? "bytes" : `at most ${type.max} bytes`;
    case "string":
      return type.max === 4294967295 ? "string" : `string of at most ${type.max} bytes`;
    case "array":
      return `array of ${describe(type.element)}` +
        (type.max === 4294967295 ? "" : `, at most ${type.max}`);
    case "fixedArray":
      return `${type.length} times ${describe(type.element)}`;
    case "option":
      return `${describe(type.element)}, or null`;
    case "named":
      return type.name;
    default:
      return type.kind;
  }
}

function checkName(owner: string, name: string): void {
  if (RESERVED.includes(name)) {
    throw new Error(`${owner}.${name} has the name of a view's own member`);
  }
}

export function emitStructView(file: SourceFile, struct: StructDeclaration): void {
  for (const field of struct.fields) {
    checkName(struct.name, field.name);
    emitElements(file, field.type, `${struct.name}.${field.name}`);
  }
  const base = file.runtime("XdrView");
  file.line(
    `/** struct ${struct.name}, read in place. */`,
    `export class ${viewOf(struct.name)} extends ${base} {`,
  );
  const anchors: string[] = [];
  const body: string[] = [];
  let anchor = "this.offset";
  let distance = 0;
  for (const [index, field] of struct.fields.entries()) {
    const at = distance === 0 ? anchor : `${anchor} + ${distance}`;
    emitField(file, struct.name, field, at, body);
    const bytes = fixedBytes(file.model, field.type);
    if (bytes !== undefined) {
      distance += bytes;
      continue;
    }
    const next = struct.fields[index + 1];
    const name = next === undefined ? "end" : next.name;
    const after = skipExpression(
      file,
      field.type,
      `this.${field.name}Offset`,
      `${struct.name}.${field.name}`,
      false,
    )
      .replace("(xdr,", "(this.xdr,").replace(/^xdr\./, "this.xdr.");
    anchors.push(`  #${name} = 0;`);
    anchor = `(this.#${name} ||= ${after})`;
    distance = 0;
    if (next !== undefined) {
      body.push(...offsetGetter(next.name, anchor), "");
      anchor = `this.${next.name}Offset`;
    }
  }
  const end = distance === 0 ? anchor : `${anchor} + ${distance}`;
  if (anchors.length > 0) file.line(...anchors, "");
  file.line(...body);
  file.line("  override get endOffset(): number {", `    return ${unwrap(end)};`, "  }", "}", "");
}

function offsetGetter(name: string, at: string): string[] {
  return [
    `  /** Byte where \`${name}\` starts. */`,
    `  get ${name}Offset(): number {`,
    `    return ${unwrap(at)};`,
    "  }",
  ];
}

function unwrap(expression: string): string {
  return /^\((this\.#\w+ \|\|= .*)\)$/.exec(expression)?.[1] ?? expression;
}

function emitField(
  file: SourceFile,
  owner: string,
  field: Field,
  at: string,
  body: string[],
): void {
  const label = `${owner}.${field.name}`;
  if (at !== `this.${field.name}Offset`) body.push(...offsetGetter(field.name, at), "");
  const read = readExpression(file, field.type, at, label, "this.xdr");
  body.push(
    `  /** ${describe(field.type)} */`,
    `  get ${field.name}(): ${typeText(file, field.type)} {`,
    `    return ${read};`,
    "  }",
    "",
  );
  const bytes = bytesOfText(field.type);
  if (bytes === undefined) return;
  body.push(
    `  /** The bytes of \`${field.name}\`, which need not be UTF-8. */`,
    `  get ${field.name}Bytes(): ${typeText(file, bytes)} {`,
    `    return ${readExpression(file, bytes, at, label, "this.xdr")};`,
    "  }",
    "",
  );
}

export function emitUnionView(file: SourceFile, union: UnionDeclaration): void {
  const arms = new Map<string, { field: Field; values: number[]; names: string[] }>();
  for (const { field, value, name } of union.cases) {
    if (field === undefined) continue;
    checkName(union.name, field.name);
    const arm = arms.get(field.name) ?? { field, values: [], names: [] };
    arm.values.push(value);
    arm.names.push(name);
    arms.set(field.name, arm);
  }
  for (const { field } of arms.values()) {
    emitElements(file, field.type, `${union.name}.${field.name}`);
  }
  const base = file.runtime("XdrView");
  const skip = file.skip(union.name);
  file.line(
    `/** union ${union.name}, read in place: an arm other than the one present is undefined. */`,
    `export class ${viewOf(union.name)} extends ${base} {`,
    "  #end = 0;",
    "",
  );
  emitDiscriminant(file, union);
  for (const arm of arms.values()) emitArm(file, union, arm);
  file.line(
    "  override get endOffset(): number {",
    `    return this.#end ||= ${skip}(this.xdr, this.offset);`,
    "  }",
    "}",
    "",
  );
}

function emitDiscriminant(file: SourceFile, union: UnionDeclaration): void {
  checkName(union.name, union.key);
  const values = union.cases.map(({ value }) => value);
  file.line(
    "  /** Which arm is present; throws `xdr/unknown-arm` when it is none of the type's. */",
  );
  if (union.switchOn !== undefined) {
    const all = declarationOf(file.model, union.switchOn);
    const whole = all.kind === "enum" && all.members.length === values.length;
    if (whole) {
      file.line(
        `  get ${union.key}(): ${file.typeName(union.switchOn)} {`,
        `    return ${file.read(union.switchOn)}(this.xdr, this.offset);`,
        "  }",
        "",
      );
      return;
    }
  }
  const unknown = file.bytes("unknownArm");
  file.line(
    `  get ${union.key}(): ${values.join(" | ")} {`,
    `    const value = this.xdr.int32(this.offset, "${union.name}");`,
    "    switch (value) {",
    ...values.map((value) => `      case ${value}:`),
    "        return value;",
    "      default:",
    `        throw ${unknown}("${union.name}", this.offset, value);`,
    "    }",
    "  }",
    "",
  );
}

function emitArm(
  file: SourceFile,
  union: UnionDeclaration,
  { field, values, names }: { field: Field; values: number[]; names: string[] },
): void {
  const label = `${union.name}.${field.name}`;
  const absent = values.map((value) => `arm !== ${value}`).join(" && ");
  const variants: [string, Type][] = [[field.name, field.type]];
  const bytes = bytesOfText(field.type);
  if (bytes !== undefined) variants.push([`${field.name}Bytes`, bytes]);
  for (const [name, type] of variants) {
    const read = readExpression(file, type, "this.offset + 4", label, "this.xdr");
    file.line(
      `  /** ${describe(type)}; present in ${names.join(", ")}. */`,
      `  get ${name}(): ${typeText(file, type)} | undefined {`,
      `    const arm = this.xdr.int32(this.offset, "${union.name}");`,
      `    if (${absent}) return undefined;`,
      `    return ${read};`,
      "  }",
      "",
    );
  }
}
