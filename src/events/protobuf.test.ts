import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Json, Row, Value } from "../flow/batch.ts";
import type { Column, ColumnType } from "./event-type.ts";
import { parseJsonExactly, writeJsonExactly } from "./exact-json.ts";
import { protoText, rowCodec } from "./protobuf.ts";
import { eventTypes } from "./registry.ts";

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.integer(),
    fc.bigInt().filter((n) => n > 2n ** 53n || n < -(2n ** 53n)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ) as fc.Arbitrary<Json>,
})).value;

const values: Record<ColumnType, fc.Arbitrary<Value>> = {
  string: fc.string(),
  decimal: fc.constantFrom("0", "-0.0000001", "170141183460469231731687303715884.1057270"),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  double: fc.double({ noNaN: true }),
  boolean: fc.boolean(),
  timestamp: fc.date({ noInvalidDate: true }),
  bytes: fc.uint8Array(),
  strings: fc.array(fc.string()),
  json,
};
const types = Object.keys(values) as ColumnType[];
const columns: Column[] = types.map((type) => ({
  name: `c_${type}`,
  type,
  nullable: true,
  doc: "",
}));
const rows: fc.Arbitrary<Row> = fc.record(
  Object.fromEntries(
    types.map((type) => [`c_${type}`, fc.option(values[type], { nil: null })]),
  ),
) as fc.Arbitrary<Row>;

describe("rows as protobuf", () => {
  const codec = rowCodec(columns);

  test("any row comes back as it was, null and empty apart", () => {
    fc.assert(fc.property(rows, (row) => {
      assert.deepEqual({ ...codec.decode(codec.encode(row)) }, { ...row });
    }));
  });

  test("a reader with fewer columns skips what it does not know", () => {
    fc.assert(fc.property(rows, (row) => {
      const first = columns.slice(0, 2);
      const expected = Object.fromEntries(first.map((c) => [c.name, row[c.name]]));
      assert.deepEqual({ ...rowCodec(first).decode(codec.encode(row)) }, expected);
    }));
  });

  test("truncated bytes throw or give a row, and never hang", () => {
    fc.assert(fc.property(rows, fc.nat(), (row, cut) => {
      const bytes = codec.encode(row);
      try {
        codec.decode(bytes.subarray(0, cut % (bytes.length + 1)));
      } catch (thrown) {
        assert.ok(thrown instanceof Error);
      }
    }));
  });

  test("exact JSON keeps every digit", () => {
    fc.assert(fc.property(json, (value) => {
      assert.deepEqual(parseJsonExactly(writeJsonExactly(value)), value);
    }));
  });

  test("the .proto text has a message for each event type", () => {
    const text = protoText(eventTypes);
    assert.match(text, /message StellarLedgerV1 \{/);
    for (const column of eventTypes[0]!.columns) assert.ok(text.includes(` ${column.name} = `));
  });
});
