/**
 * How an event type is stored in Parquet: the schema, and each column's values as the writer
 * takes them. The types follow the format's logical types
 * (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md).
 */

import type { ParquetWriter } from "hyparquet-writer";
import { DECIMAL_PLACES, unscaledDecimal } from "../../events/decimal.ts";
import type { Column, ColumnType, EventType } from "../../events/event-type.ts";
import { jsonText } from "../../events/json.ts";
import { valueError } from "../../events/value-error.ts";
import type { Json, Value } from "../../flow/batch.ts";

export type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Digits that a decimal column holds, its 7 places included: all that 16 bytes can in DuckDB. */
export const DECIMAL_PRECISION = 38;

const DECIMAL_BYTES = 16;
const DECIMAL_LIMIT = 10n ** BigInt(DECIMAL_PRECISION);

/** A value as the writer takes it. */
export type Stored = string | number | bigint | boolean | Uint8Array | readonly string[] | null;

export interface StoredColumn {
  readonly column: Column;
  /** The column in the file's schema. */
  readonly elements: readonly SchemaElement[];
  /** The same while values are written. */
  readonly written: readonly SchemaElement[];
  /** Throws `sink/value-out-of-range`; never stores another value than the given one. */
  store(value: Value | undefined): Stored;
  /** Whether least and greatest value of a row group are noted for readers to skip by. */
  readonly statistics: boolean;
  /** Undefined: dictionary where it pays, else plain. */
  readonly encoding: "PLAIN" | undefined;
}

interface Kind {
  elements(name: string, repetition_type: "REQUIRED" | "OPTIONAL"): SchemaElement[];
  store(value: never): Stored;
  /** Values come as the format stores them, so that the writer must not convert them again. */
  readonly converted?: true;
  readonly statistics?: false;
  readonly encoding?: "PLAIN";
}

/** The root of the schema, before the elements of its columns. */
export function rootElement(type: EventType): SchemaElement {
  return { name: type.table, num_children: type.columns.length };
}

export function storedColumn(column: Column): StoredColumn {
  const kind = KINDS[column.type];
  const store = kind.store as (value: NonNullable<Value>) => Stored;
  const elements = kind.elements(column.name, column.nullable ? "OPTIONAL" : "REQUIRED");
  return {
    column,
    elements,
    written: kind.converted === true ? elements.map(withoutConversion) : elements,
    store(value) {
      if (value === null || value === undefined) {
        if (column.nullable) return null;
        throw valueError(column, null, new RangeError("the column is never null"));
      }
      try {
        return store(value);
      } catch (error) {
        throw valueError(column, value, error);
      }
    },
    statistics: kind.statistics ?? true,
    encoding: kind.encoding,
  };
}

const TEXT = {
  type: "BYTE_ARRAY",
  converted_type: "UTF8",
  logical_type: { type: "STRING" },
} as const;

const MICROS_PER_MS = 1000n;
const INT32_LEAST = -(2n ** 31n);
const INT32_LIMIT = 2n ** 31n;
const INT64_LEAST = -(2n ** 63n);
const INT64_LIMIT = 2n ** 63n;
const UINT64_LIMIT = 2n ** 64n;

const KINDS: Readonly<Record<ColumnType, Kind>> = {
  string: {
    elements: (name, repetition_type) => [{ name, repetition_type, ...TEXT }],
    store: (value: string) => value,
  },
  int32: {
    elements: (name, repetition_type) => [{ name, repetition_type, type: "INT32" }],
    store: (value: number | bigint) => Number(integer(value, INT32_LEAST, INT32_LIMIT)),
  },
  int64: {
    elements: (name, repetition_type) => [{ name, repetition_type, type: "INT64" }],
    store: (value: number | bigint) => integer(value, INT64_LEAST, INT64_LIMIT),
  },
  uint64: {
    // The newer logical type would make hyparquet-writer 0.17 write a footer that Arrow refuses.
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "INT64",
      converted_type: "UINT_64",
    }],
    store: (value: number | bigint) => integer(value, 0n, UINT64_LIMIT),
  },
  double: {
    elements: (name, repetition_type) => [{ name, repetition_type, type: "DOUBLE" }],
    store: (value: number) => value,
  },
  decimal: {
    // Statistics would compare the bytes as unsigned; amounts rarely repeat enough for a dictionary.
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "FIXED_LEN_BYTE_ARRAY",
      type_length: DECIMAL_BYTES,
      converted_type: "DECIMAL",
      logical_type: { type: "DECIMAL", precision: DECIMAL_PRECISION, scale: DECIMAL_PLACES },
      precision: DECIMAL_PRECISION,
      scale: DECIMAL_PLACES,
    }],
    store: (value: string) => decimalBytes(unscaledDecimal(value)),
    converted: true,
    statistics: false,
    encoding: "PLAIN",
  },
  boolean: {
    elements: (name, repetition_type) => [{ name, repetition_type, type: "BOOLEAN" }],
    store: (value: boolean) => value,
  },
  timestamp: {
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "INT64",
      converted_type: "TIMESTAMP_MICROS",
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
    }],
    store: (value: Date) => BigInt(value.getTime()) * MICROS_PER_MS,
  },
  bytes: {
    elements: (name, repetition_type) => [{ name, repetition_type, type: "BYTE_ARRAY" }],
    store: (value: Uint8Array) => value,
    statistics: false,
    encoding: "PLAIN",
  },
  strings: {
    elements: (name, repetition_type) => [
      {
        name,
        repetition_type,
        num_children: 1,
        converted_type: "LIST",
        logical_type: { type: "LIST" },
      },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "REQUIRED", ...TEXT },
    ],
    store: (value: readonly string[]) => value,
    statistics: false,
  },
  json: {
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "BYTE_ARRAY",
      converted_type: "JSON",
      logical_type: { type: "JSON" },
    }],
    store: (value: Json) => withoutLoneSurrogates(jsonText(value)),
    converted: true,
    statistics: false,
  },
};

/**
 * JSON in which the escape of a lone surrogate is U+FFFD, as it becomes in the UTF-8 of other
 * columns: readers (DuckDB) refuse a whole file for one such escape. An escaped backslash before
 * `ud800` is none.
 */
function withoutLoneSurrogates(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(
    /\\\\|\\ud[89a-f][0-9a-f]{2}/g,
    (found) => found === "\\\\" ? found : "\ufffd",
  );
}

function withoutConversion({ converted_type: _, ...element }: SchemaElement): SchemaElement {
  return element;
}

/** `limit` is the first integer above the range. */
function integer(value: number | bigint, least: bigint, limit: bigint): bigint {
  const exact = typeof value === "bigint" ? value : BigInt(value);
  if (exact < least || exact >= limit) throw new RangeError("out of the column's range");
  return exact;
}

/** Two's complement, most significant byte first, as the format stores decimals. */
function decimalBytes(unscaled: bigint): Uint8Array {
  if (unscaled >= DECIMAL_LIMIT || unscaled <= -DECIMAL_LIMIT) {
    throw new RangeError(`more than ${DECIMAL_PRECISION} digits`);
  }
  const bytes = new Uint8Array(DECIMAL_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, unscaled >> 64n);
  view.setBigUint64(8, BigInt.asUintN(64, unscaled));
  return bytes;
}
