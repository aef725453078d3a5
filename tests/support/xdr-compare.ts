/** Compares a view with the SDK's decode of the same bytes, field by field. */

import assert from "node:assert/strict";
import { XdrView } from "../../src/stellar/xdr/xdr-view.ts";
import { armOf, resolve } from "./xdr-schema.ts";
import type { Schema } from "./xdr-schema.ts";

type Members = Readonly<Record<string, unknown>>;

/** Counts of fields compared, by `Type.field`: shows what the data at hand covers. */
export type Coverage = Map<string, number>;

export function compareWithSdk(
  given: Schema,
  decoded: unknown,
  read: unknown,
  path: string,
  coverage: Coverage,
): void {
  const schema = resolve(given);
  switch (schema.kind) {
    case "struct":
      for (const [name, field] of schema.entries ?? []) {
        count(coverage, `${schema.name}.${name}`);
        compareMember(field, decoded as Members, read as Members, name, path, coverage);
      }
      checkSpan(read, path);
      return;
    case "union": {
      const key = schema.switchKey ?? "";
      const discriminant = (decoded as Members)[key];
      assert.equal((read as Members)[key], discriminant, `${path}.${key}`);
      const arm = armOf(schema, discriminant)?.arm;
      count(coverage, `${schema.name}.${discriminant}`);
      if (arm !== undefined && "schema" in arm) {
        compareMember(arm.schema, decoded as Members, read as Members, arm.name, path, coverage);
      }
      for (const { arm: other } of schema.cases ?? []) {
        if ("schema" in other && (arm === undefined || other.name !== arm.name)) {
          assert.equal((read as Members)[other.name], undefined, `${path}.${other.name}`);
        }
      }
      checkSpan(read, path);
      return;
    }
    case "array":
    case "fixedArray": {
      const expected = decoded as readonly unknown[];
      const found = [...read as Iterable<unknown>];
      assert.equal((read as { length: number }).length, expected.length, path);
      assert.equal(found.length, expected.length, path);
      for (const [index, value] of expected.entries()) {
        if (schema.element === undefined) continue;
        compareWithSdk(schema.element, value, found[index], `${path}[${index}]`, coverage);
      }
      return;
    }
    case "option":
      if (decoded === null) assert.equal(read, null, path);
      else if (schema.element) compareWithSdk(schema.element, decoded, read, path, coverage);
      return;
    case "opaque":
    case "varOpaque":
      assert.ok(read instanceof Uint8Array && Buffer.from(read).equals(decoded as Buffer), path);
      return;
    case "string":
      assert.equal(read, String(decoded), path);
      return;
    default:
      assert.equal(read, decoded, path);
  }
}

function compareMember(
  schema: Schema,
  decoded: Members,
  read: Members,
  name: string,
  path: string,
  coverage: Coverage,
): void {
  compareWithSdk(schema, decoded[name], read[name], `${path}.${name}`, coverage);
  const bare = schema.kind === "option" ? schema.element : schema;
  if (bare?.kind !== "string" || decoded[name] === null) return;
  const { bytes } = decoded[name] as { bytes: Uint8Array };
  assert.deepEqual(Buffer.from(read[`${name}Bytes`] as Uint8Array), Buffer.from(bytes), path);
}

/** A view's own end must be where its skip function ends; `toXdr` is then the value's bytes. */
function checkSpan(read: unknown, path: string): void {
  assert.ok(read instanceof XdrView, path);
  assert.ok(read.endOffset > read.offset && read.endOffset <= read.xdr.length, path);
}

function count(coverage: Coverage, what: string): void {
  coverage.set(what, (coverage.get(what) ?? 0) + 1);
}
