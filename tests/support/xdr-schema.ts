/** The SDK's schemas as the tests walk them: the oracle of the generated readers. */

import { xdr } from "@stellar/stellar-sdk";

export interface Schema {
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
  readonly cases?: readonly UnionCase[];
  decode(bytes: Uint8Array): unknown;
  validateXdr(bytes: Uint8Array): boolean;
}

interface UnionCase {
  readonly name: string;
  readonly discriminant: number;
  readonly arm: Schema | { readonly name: string; readonly schema: Schema };
}

/** Every named schema that a batch of ledgers reaches. */
export function namedSchemas(): Map<string, Schema> {
  const found = new Map<string, Schema>();
  const visit = (given: Schema): void => {
    const schema = resolve(given);
    if (schema.name !== undefined && ["struct", "union", "enum"].includes(schema.kind)) {
      if (found.has(schema.name)) return;
      found.set(schema.name, schema);
    }
    if (schema.element !== undefined) visit(schema.element);
    if (schema.switchOn !== undefined) visit(schema.switchOn);
    for (const [, field] of schema.entries ?? []) visit(field);
    for (const { arm } of schema.cases ?? []) if ("schema" in arm) visit(arm.schema);
  };
  visit(xdr.LedgerCloseMetaBatch.schema as unknown as Schema);
  return found;
}

export function resolve(schema: Schema): Schema {
  return schema.getSchema === undefined ? schema : resolve(schema.getSchema());
}

export function armOf(schema: Schema, discriminant: unknown): UnionCase | undefined {
  return schema.cases?.find((one) => one.discriminant === discriminant);
}

/** Numbers in [0, 1) that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const MAX_DEPTH = 12;

/** The XDR of a random value of the schema; deep values get the shortest arms and empty arrays. */
export function randomXdr(schema: Schema, random: () => number): Uint8Array {
  const bytes: number[] = [];
  write(schema, random, bytes, 0);
  return Uint8Array.from(bytes);
}

function write(given: Schema, random: () => number, out: number[], depth: number): void {
  const schema = resolve(given);
  const below = (limit: number) => Math.floor(random() * limit);
  switch (schema.kind) {
    case "int32":
    case "uint32":
      return writeBytes(out, 4, random);
    case "int64":
    case "uint64":
      return writeBytes(out, 8, random);
    case "bool":
      return writeUint32(out, below(2));
    case "enum": {
      const values = [...schema.nameByValue?.keys() ?? []];
      return writeUint32(out, values[below(values.length)] ?? 0);
    }
    case "opaque":
      writeBytes(out, schema.length ?? 0, random);
      return pad(out, schema.length ?? 0);
    case "varOpaque":
    case "string": {
      const length = below(Math.min(schema.maxLength ?? 0, 40) + 1);
      writeUint32(out, length);
      writeBytes(out, length, random);
      return pad(out, length);
    }
    case "option": {
      const present = depth < MAX_DEPTH && random() < 0.5;
      writeUint32(out, present ? 1 : 0);
      if (present && schema.element) write(schema.element, random, out, depth + 1);
      return;
    }
    case "array": {
      const most = depth < MAX_DEPTH ? 3 : 0;
      const count = below(Math.min(schema.maxLength ?? 0, most) + 1);
      writeUint32(out, count);
      for (let i = 0; i < count && schema.element; i++) {
        write(schema.element, random, out, depth + 1);
      }
      return;
    }
    case "fixedArray":
      for (let i = 0; i < (schema.length ?? 0) && schema.element; i++) {
        write(schema.element, random, out, depth + 1);
      }
      return;
    case "struct":
      for (const [, field] of schema.entries ?? []) write(field, random, out, depth + 1);
      return;
    case "union": {
      const cases = schema.cases ?? [];
      const chosen = cases[below(depth < MAX_DEPTH ? cases.length : 1)];
      writeUint32(out, chosen?.discriminant ?? 0);
      if (chosen && "schema" in chosen.arm) write(chosen.arm.schema, random, out, depth + 1);
      return;
    }
  }
}

function writeUint32(out: number[], value: number): void {
  out.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function writeBytes(out: number[], length: number, random: () => number): void {
  for (let i = 0; i < length; i++) out.push(Math.floor(random() * 256));
}

function pad(out: number[], length: number): void {
  for (let i = length; i % 4 !== 0; i++) out.push(0);
}
