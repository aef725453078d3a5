import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { everyType } from "../../../tests/support/arbitrary-rows.ts";
import { testBatch, transferRows, transferType } from "../../../tests/support/sink-context.ts";
import type { Row } from "../../flow/batch.ts";
import { configSchema } from "../../gen/config/map.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { createMap } from "./processor.ts";

const transfers = transferType();

const row: Row = {
  event_id: "id-1",
  a_string: "transfer",
  a_int32: -7,
  a_int64: 2n ** 63n - 1n,
  a_uint64: 2n ** 64n - 1n,
  a_double: 0.5,
  a_decimal: "12345678901234567.1234567",
  a_boolean: true,
  a_timestamp: new Date("2026-06-19T00:20:52Z"),
  a_bytes: new Uint8Array([1, 2, 255]),
  a_strings: ["a", "b"],
  a_json: { i128: "100", list: [1, 2n ** 60n] },
};

async function run(
  config: Record<string, unknown>,
  given: readonly Row[] = [row],
  type = everyType,
) {
  const map = createMap("my-map", v.parse(configSchema, config), [type]);
  const { groups } = await map.process(testBatch(5, [type, given]));
  const [group] = groups;
  assert.ok(group !== undefined);
  return group;
}

async function values(columns: Record<string, string>, types: Record<string, string> = {}) {
  const { type, rows } = await run({ columns, types });
  const { event_id: _, ...rest } = rows[0] ?? {};
  return { rest, types: Object.fromEntries(type.columns.map((c) => [c.name, c.type])) };
}

function errorOf(code: ErrorCode, message: RegExp, hint?: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FlowctlError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    if (hint !== undefined) assert.match(error.hint ?? "", hint);
    return true;
  };
}

test("the new event type has the id, the kept columns, then the new ones", async () => {
  const { type, rows } = await run(
    {
      keep: ["memo", "ledger_sequence"],
      columns: { twice: "amount * 2.0", memo: "memo == null ? 'none' : memo" },
    },
    transferRows(3, 2),
    transfers,
  );
  assert.equal(type.name, "custom.my-map");
  assert.equal(type.table, "my_map");
  assert.equal(type.id, "event_id");
  assert.deepEqual(type.columns.map((c) => [c.name, c.type, c.nullable]), [
    ["event_id", "string", false],
    ["ledger_sequence", "int64", false],
    ["memo", "string", true],
    ["twice", "double", true],
  ]);
  assert.deepEqual(rows.map((made) => Object.values(made)), [
    ["test-3-0", 3n, "none", 6.2],
    ["test-3-1", 3n, 'a, "quoted"\nmemo 1', 6.4],
  ]);
});

test("names can be stated, and * keeps everything", async () => {
  const { type, rows } = await run({ keep: "*", event_type: "my.type.v1", table: "mine" });
  assert.equal(type.name, "my.type.v1");
  assert.equal(type.table, "mine");
  assert.deepEqual(rows, [row]);
});

test("a column alone keeps type and every digit", async () => {
  const columns = Object.fromEntries(
    everyType.columns.slice(1).map((c) => [`x_${c.name}`, c.name]),
  );
  const { rest, types } = await values(columns);
  for (const { name, type } of everyType.columns.slice(1)) {
    assert.equal(rest[`x_${name}`], row[name]);
    assert.equal(types[`x_${name}`], type);
  }
});

test("types are told by the expression", async () => {
  const { rest, types } = await values({
    text: "a_string + '!'",
    number: "a_int32 * 6",
    unsigned: "a_uint64 - 1u",
    real: "double(a_int32) / 2.0",
    truth: "a_int64 > 5 && a_boolean",
    time: "timestamp('2026-01-01T00:00:00Z')",
    raw: "b'\\x01' + a_bytes",
    choice: "a_boolean ? 'yes' : null",
    count: "size(a_strings)",
    year: "a_timestamp.getFullYear()",
    there: "has(a_json.i128)",
  });
  assert.deepEqual(rest, {
    text: "transfer!",
    number: -42n,
    unsigned: 2n ** 64n - 2n,
    real: -3.5,
    truth: true,
    time: new Date("2026-01-01T00:00:00Z"),
    raw: new Uint8Array([1, 1, 2, 255]),
    choice: "yes",
    count: 2n,
    year: 2026n,
    there: true,
  });
  const { event_id: _, ...inferred } = types;
  assert.deepEqual(inferred, {
    text: "string",
    number: "int64",
    unsigned: "uint64",
    real: "double",
    truth: "boolean",
    time: "timestamp",
    raw: "bytes",
    choice: "string",
    count: "int64",
    year: "int64",
    there: "boolean",
  });
});

test("types that the expression does not tell are stated", async () => {
  await assert.rejects(
    values({ x: "a_json.i128" }),
    errorOf(
      "cel/invalid",
      /columns\.x: the expression does not tell its type/,
      /types: \{ x: string/,
    ),
  );
  const { rest } = await values({
    x: "a_json.i128",
    list: "a_strings.map(s, s + '!')",
    json: "{'a': a_json.list, 'b': 1u, 'c': null}",
    exact: "a_json.i128 + '.50'",
    rounded: "a_double / 3.0",
    small: "a_int32",
    nothing: "null",
  }, {
    x: "string",
    list: "strings",
    json: "json",
    exact: "decimal",
    rounded: "decimal",
    small: "double",
    nothing: "int64",
  });
  assert.deepEqual(rest, {
    x: "100",
    list: ["a!", "b!"],
    json: { a: [1, 2n ** 60n], b: 1n, c: null },
    exact: "100.5",
    rounded: "0.1666667",
    small: -7,
    nothing: null,
  });
});

test("what a column cannot hold is an error that names event and column", async () => {
  const bad: [string, string, RegExp][] = [
    ["a_string", "int64", /it is a string/],
    ["a_int64", "int32", /out of its range/],
    ["a_int32", "uint64", /out of its range/],
    ["a_double", "int64", /it is a number/],
    ["a_string", "decimal", /transfer is none/],
    ["a_int64", "string", /it is an int/],
    ["a_json", "strings", /it is a map/],
    ["a_timestamp", "string", /it is google\.protobuf\.Timestamp/],
  ];
  for (const [source, type, message] of bad) {
    await assert.rejects(values({ x: source }, { x: type }), (error: unknown) => {
      errorOf("cel/failed", message)(error);
      return errorOf("cel/failed", /^test\.every_type\.v1 id-1: columns\.x: /)(error);
    });
  }
  await assert.rejects(
    values({ x: "a_int64 + 1" }),
    errorOf("cel/failed", /^test\.every_type\.v1 id-1: columns\.x.*overflow/),
  );
});

test("a config that does not fit is an error before any event", async () => {
  await assert.rejects(
    run({ columns: { x: "1 +" } }),
    errorOf("cel/invalid", /^columns\.x, column 3/),
  );
  await assert.rejects(
    run({ columns: { x: "a_strin" } }),
    errorOf("cel/invalid", /columns\.x, column 1: .* no column a_strin/, /a_string/),
  );
  await assert.rejects(run({ keep: ["a_strin"] }), errorOf("spec/invalid", /keep: /, /a_string/));
  await assert.rejects(
    run({ columns: { x: "1" }, types: { y: "int64" } }),
    errorOf("spec/invalid", /types\.y/),
  );
  await assert.rejects(
    run({ columns: { event_id: "'same'" } }),
    errorOf("spec/invalid", /the id of an event stays/),
  );
});

test("a second event type is refused", async () => {
  const map = createMap("my-map", v.parse(configSchema, { keep: "*" }));
  const batch = testBatch(1, [transfers, transferRows(1, 1)], [everyType, [row]]);
  await assert.rejects(
    async () => await map.process(batch),
    errorOf("spec/invalid", /test\.transfers\.v1 and test\.every_type\.v1/, /input_event_types/),
  );
});
