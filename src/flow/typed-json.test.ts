import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeTyped, encodeTyped } from "./typed-json.ts";
import type { TypedValue } from "./typed-json.ts";

const leaf: fc.Arbitrary<TypedValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: "binary" }),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
);
const key = fc.oneof(
  fc.string(),
  fc.constantFrom("$bigint", "$date", "$bytes", "$number", "$object", "$", "__proto__", "toString"),
);

const { value } = fc.letrec<{ value: TypedValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) =>
      Object.fromEntries(entries) as TypedValue
    ),
  ),
}));

test("every value comes back as it was, types and all", () => {
  fc.assert(
    fc.property(value, (original) => {
      assert.deepStrictEqual(decodeTyped(encodeTyped(original)), original);
    }),
    { numRuns: 2000 },
  );
});

test("a tag that was not written here is refused", () => {
  assert.throws(() => decodeTyped('{"$what":1}'), SyntaxError);
  assert.throws(() => decodeTyped('{"$bigint":1}'), SyntaxError);
});
