/** Event types and rows that exercise every column type, for property tests. */

import fc from "fast-check";
import { COLUMN_TYPES } from "../../src/events/event-type.ts";
import type { Column, ColumnType, EventType } from "../../src/events/event-type.ts";
import type { Json, Row, Value } from "../../src/flow/batch.ts";

/** An event type with a nullable column of every type. */
export const everyType: EventType = {
  name: "test.every_type.v1",
  aliases: [],
  table: "every_type",
  doc: "A column of each type.",
  id: "event_id",
  columns: [
    { name: "event_id", type: "string", nullable: false, doc: "Id." },
    ...COLUMN_TYPES.map((type): Column => ({
      name: `a_${type}`,
      type,
      nullable: true,
      doc: `A ${type}.`,
    })),
  ],
};

/** Any string, lone surrogates, quotes, line breaks and separators included. */
export function anyString(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({ maxLength: 70 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) =>
      String.fromCharCode(...units)
    ),
    fc.constantFrom("", '"', "\\", "\n", "\r\n", ",", "null", "\ud800", "\u2028", "=1+1"),
  );
}

function anyJson(): fc.Arbitrary<Json> {
  return fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n }),
      anyString(),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(anyString(), tie("json"), { maxKeys: 4 }),
    ),
  })).json;
}

/** Stellar amounts, i128 tokens included: canonical digits with up to 7 places. */
export function anyDecimal(digits = 38): fc.Arbitrary<string> {
  const limit = 10n ** BigInt(digits) - 1n;
  return fc.bigInt({ min: -limit, max: limit }).map((unscaled) => {
    const text = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(8, "0");
    const places = text.slice(-7).replace(/0+$/, "");
    const sign = unscaled < 0n ? "-" : "";
    return `${sign}${text.slice(0, -7)}${places === "" ? "" : `.${places}`}`;
  });
}

const FIRST_MS = Date.UTC(1, 0);
const LAST_MS = Date.UTC(9999, 11, 31);

const VALUES: Readonly<Record<ColumnType, () => fc.Arbitrary<Value>>> = {
  string: anyString,
  int32: () => fc.integer(),
  int64: () => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: () => fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  double: () => fc.double({ noNaN: true, noDefaultInfinity: true }),
  decimal: () => anyDecimal(),
  boolean: () => fc.boolean(),
  timestamp: () =>
    fc.oneof(
      fc.integer({ min: 1_400_000_000, max: 2_000_000_000 }).map((s) => new Date(s * 1000)),
      fc.integer({ min: FIRST_MS, max: LAST_MS }).map((ms) => new Date(ms)),
    ),
  bytes: () => fc.uint8Array({ maxLength: 20 }),
  strings: () => fc.array(anyString(), { maxLength: 4 }),
  json: anyJson,
};

/** Rows of `everyType`. */
export function anyRow(): fc.Arbitrary<Row> {
  const columns: Record<string, fc.Arbitrary<Value>> = {};
  for (const column of everyType.columns) {
    const value = VALUES[column.type]();
    columns[column.name] = column.nullable ? fc.option(value) : value;
  }
  return fc.record(columns);
}
