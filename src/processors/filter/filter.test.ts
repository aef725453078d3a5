import assert from "node:assert/strict";
import { test } from "node:test";
import { everyType } from "../../../tests/support/arbitrary-rows.ts";
import {
  testBatch,
  testContext,
  transferRows,
  transferType,
} from "../../../tests/support/sink-context.ts";
import type { Row } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import type { ErrorCode } from "../../spec/errors.ts";
import { MAX_EXPRESSION_CHARS } from "../cel/expression.ts";
import { filter } from "./filter.ts";
import { createFilter } from "./processor.ts";

const transfers = transferType();
const events = transferType("events");

const row: Row = {
  event_id: "id-1",
  a_string: "transfer",
  a_int32: -7,
  a_int64: 2n ** 63n - 1n,
  a_uint64: 2n ** 64n - 1n,
  a_double: 0.5,
  a_decimal: "833.8686995",
  a_boolean: true,
  a_timestamp: new Date("2026-06-19T00:20:52Z"),
  a_bytes: new Uint8Array([1, 2, 255]),
  a_strings: ["a", "b"],
  a_json: { i128: "100", list: [1, 2n ** 53n], nested: { deep: null } },
};

async function passes(where: string, given: Row = row): Promise<boolean> {
  const result = await createFilter(where).process(testBatch(5, [everyType, [given]]));
  return result.groups[0]?.rows.length === 1;
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

for (
  const where of [
    "a_string == 'transfer' && double('8338686995') < 1e11",
    "a_int32 == -7 && a_int32 < 0",
    "a_int64 == 9223372036854775807",
    "a_uint64 == 18446744073709551615u && a_uint64 > 5",
    "a_double == 0.5 && a_double < 1",
    "a_decimal >= 833.8 && a_decimal < 834",
    "a_boolean",
    "a_timestamp == timestamp('2026-06-19T00:20:52Z') && a_timestamp.getFullYear() == 2026",
    "a_bytes == b'\\x01\\x02\\xff' && size(a_bytes) == 3",
    "'b' in a_strings && a_strings.exists(s, s == 'a') && size(a_strings) == 2",
    "a_json.i128 == '100' && a_json.list[0] == 1 && a_json.list[1] == 9007199254740992",
    "has(a_json.nested) && !has(a_json.missing) && a_json.nested.deep == null",
    "event_type == 'test.every_type.v1' && ledger_sequence == 5",
    "closed_at < timestamp('2026-06-19T00:30:00Z')",
    "a_string.matches('^trans') && a_string.startsWith('t') && a_string.contains('fer')",
    "a_string in ['transfer', 'mint']",
    "type(a_string) == string",
    "a_string.lowerAscii() == 'transfer'",
  ]
) {
  test(`passes: ${where}`, async () => {
    assert.equal(await passes(where), true);
    assert.equal(await passes(`!(${where})`), false);
  });
}

test("a null column equals null, and a test before its use protects it", async () => {
  const empty = Object.fromEntries(everyType.columns.map(({ name }) => [name, null]));
  assert.equal(
    await passes("a_string == null && a_int64 == null && a_timestamp == null", empty),
    true,
  );
  assert.equal(await passes("a_string != null && a_string.startsWith('t')", empty), false);
  await assert.rejects(
    passes("a_string.startsWith('t')", { ...empty, event_id: "id-9" }),
    errorOf("cel/failed", /test\.every_type\.v1 id-9: where, column 9: .*startsWith/, /!= null/),
  );
});

test("rows keep their order and groups; an untouched batch is passed on as it is", async () => {
  const batch = testBatch(9, [transfers, transferRows(9, 6)], [events, transferRows(9, 4)]);
  const some = await createFilter("memo == null").process(batch);
  assert.deepEqual(some.groups.map(({ rows }) => rows.map((r) => r["event_id"])), [
    ["test-9-0", "test-9-2", "test-9-4"],
    ["test-9-0", "test-9-2"],
  ]);
  assert.equal(some.sequence, 9);
  assert.equal(some.bytes, 500);
  assert.equal(await createFilter("amount > 0").process(batch), batch);
  const none = await createFilter("amount < 0").process(batch);
  assert.equal(none.groups.flatMap(({ rows }) => rows).length, 0);
  const empty = testBatch(10);
  assert.equal(await createFilter("amount < 0").process(empty), empty);
});

test("an expression may read what only some of the event types have", async () => {
  const batch = testBatch(9, [transfers, transferRows(9, 2)], [everyType, [row]]);
  const where = "event_type == 'test.every_type.v1' ? a_boolean : memo == null";
  const result = await createFilter(where, [transfers, everyType]).process(batch);
  assert.deepEqual(result.groups.map(({ rows }) => rows.length), [1, 1]);
});

test("a wrong expression is an error with its place, before any event", () => {
  const wrong: [string, RegExp][] = [
    ["amount > ", /^where, column 8: it makes no sense from "> " on/],
    ["amount = 5", /^where, column 8: /],
    ["a &&\n  b)", /^where, line 2, column 4: /],
    ["'open", /^where, column 1: /],
    ["", /^where, column 1: it ends too early/],
  ];
  for (const [where, message] of wrong) {
    assert.throws(() => createFilter(where), errorOf("cel/invalid", message));
  }
});

test("unknown columns and results that are no truth are told where the type is known", async () => {
  assert.throws(
    () => createFilter("true && amuont > 5", [transfers]),
    errorOf(
      "cel/invalid",
      /^where, column 9: test\.transfers\.v1 has no column amuont/,
      /amount\?/,
    ),
  );
  assert.throws(
    () => createFilter("amount * 2.0", [transfers]),
    errorOf("cel/invalid", /gives double, not true or false/),
  );
  const batch = testBatch(9, [transfers, transferRows(9, 2)]);
  await assert.rejects(
    async () => await createFilter("amuont > 5").process(batch),
    errorOf("cel/invalid", /has no column amuont/, /amount/),
  );
  await assert.rejects(
    async () => await createFilter("[1, 2].map(x, x)").process(batch),
    errorOf("cel/failed", /neither true nor false/),
  );
});

test("limits: length, loops within loops, and regular expressions take linear time", async () => {
  const long = `amount > 0 ${"|| amount > 1 ".repeat(MAX_EXPRESSION_CHARS / 14)}`;
  assert.throws(() => createFilter(long), errorOf("cel/invalid", /characters, more than 4096/));
  const loops = "[1].all(a, [1].all(b, [1].all(c, a == b && b == c)))";
  assert.throws(() => createFilter(loops), errorOf("cel/invalid", /3 deep, more than 2/));
  const memo = "a".repeat(30_000) + "!";
  const start = performance.now();
  assert.equal(await passes("a_string.matches('^(a+)+$')", { ...row, a_string: memo }), false);
  assert.ok(performance.now() - start < 5_000);
});

test("as a component it is checked with the types of its input", async () => {
  const context = testContext(filter, { where: "nonsense > 1" });
  const spec = { ...context.spec, input_event_types: ["stellar.ledger"] };
  await assert.rejects(
    async () => await filter.create({ ...context, spec }),
    errorOf("cel/invalid", /stellar\.ledger\.v1 has no column nonsense/),
  );
  await assert.rejects(
    async () => await filter.checkConfig?.({ where: "sequence >" }, []),
    errorOf("cel/invalid", /^where, column 10/),
  );
  await filter.checkConfig?.({ where: "sequence > 5" }, ["stellar.ledger.v1"]);
});
