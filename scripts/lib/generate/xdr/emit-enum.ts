/** Writes an enum: its values as a constant object, its names, and how it is read. */

import type { EnumDeclaration } from "./model.ts";
import { lower, readOf, skipOf } from "./names.ts";
import type { SourceFile } from "./source-file.ts";

export function emitEnum(file: SourceFile, { name, members }: EnumDeclaration): void {
  file.bytes("type XdrBytes");
  const unknown = file.bytes("unknownArm");
  const values = members.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const dense = high - low + 1 === values.length;
  const wrong = dense
    ? `value < ${low} || value > ${high}`
    : values.map((value) => `value !== ${value}`).join(" && ");
  file.line(
    `/** enum ${name} */`,
    `export const ${name} = {`,
    ...members.map((member) => `  ${member.name}: ${member.value},`),
    "} as const;",
    "",
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
    "",
    `const names: ReadonlyMap<number, keyof typeof ${name}> = new Map([`,
    ...members.map((member) => `  [${member.value}, "${member.name}"],`),
    `] as const);`,
    "",
    `/** The SDK's name of a value of ${name}; undefined: it has no such value. */`,
    `export function ${lower(name)}Name(value: number): keyof typeof ${name} | undefined {`,
    "  return names.get(value);",
    "}",
    "",
    "/** Throws `xdr/unknown-arm` when the value is none of the enum's. */",
    `export function ${readOf(name)}(xdr: XdrBytes, offset: number): ${name} {`,
    `  const value = xdr.int32(offset, "${name}");`,
    `  if (${wrong}) throw ${unknown}("${name}", offset, value);`,
    `  return value as ${name};`,
    "}",
    "",
    `/** The offset after the ${name} at \`offset\`. */`,
    `export function ${skipOf(name)}(xdr: XdrBytes, offset: number): number {`,
    `  ${readOf(name)}(xdr, offset);`,
    "  return offset + 4;",
    "}",
    "",
  );
}
