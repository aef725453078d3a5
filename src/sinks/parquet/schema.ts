/**
 * How an event type is stored in Parquet: the file's schema, and what its columns' pages hold.
 * The types follow the format's logical types
 * (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md).
 */

import type { ParquetType } from "hyparquet";
import type { ParquetWriter } from "hyparquet-writer";
import { DECIMAL_PLACES } from "../../events/decimal.ts";
import type { Column, ColumnType, EventType } from "../../events/event-type.ts";

export type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Digits that a decimal column holds, its 7 places included: all that 16 bytes can in DuckDB. */
export const DECIMAL_PRECISION = 38;
export const DECIMAL_BYTES = 16;

export type Physical = "boolean" | "int32" | "int64" | "double" | "fixed" | "bytes";

/** What the pages of a column hold. */
export interface Leaf {
  readonly physical: Physical;
  /** Bytes of a value; undefined when each has its length before it. */
  readonly width: number | undefined;
  /** Definition level of a value that is there; 0: there are no such levels. */
  readonly maxDefinition: number;
  /** 1 for a list, else 0. */
  readonly maxRepetition: number;
  /** Whether repeated values are looked for: not where they are too rare to be worth it. */
  readonly dictionary: boolean;
  /** Whether least and greatest value of a row group are noted for readers to skip by. */
  readonly statistics: boolean;
  /** Names from the root to the column that has the values. */
  readonly path: readonly string[];
}

export interface StoredColumn {
  readonly column: Column;
  /** The column in the file's schema. */
  readonly elements: readonly SchemaElement[];
  /** Of the element that has the values. */
  readonly type: ParquetType;
  /** True for integers that are read as unsigned. */
  readonly unsigned: boolean;
  readonly leaf: Leaf;
}

/** The root of the schema, before the elements of its columns. */
export function rootElement(type: EventType): SchemaElement {
  return { name: type.table, num_children: type.columns.length };
}

export function storedColumn(column: Column): StoredColumn {
  const kind = KINDS[column.type];
  const elements = kind.elements(column.name, column.nullable ? "OPTIONAL" : "REQUIRED");
  const isList = column.type === "strings";
  const leaf: Leaf = {
    physical: kind.physical,
    width: WIDTHS[kind.physical],
    maxDefinition: (column.nullable ? 1 : 0) + (isList ? 1 : 0),
    maxRepetition: isList ? 1 : 0,
    dictionary: kind.dictionary ?? true,
    statistics: kind.statistics ?? true,
    path: elements.map(({ name }) => name),
  };
  const type = PARQUET_TYPES[kind.physical];
  return { column, elements, type, unsigned: column.type === "uint64", leaf };
}

interface Kind {
  readonly physical: Physical;
  elements(name: string, repetition_type: "REQUIRED" | "OPTIONAL"): SchemaElement[];
  readonly dictionary?: false;
  readonly statistics?: false;
}

const WIDTHS: Readonly<Record<Physical, number | undefined>> = {
  boolean: 1,
  int32: 4,
  int64: 8,
  double: 8,
  fixed: DECIMAL_BYTES,
  bytes: undefined,
};

const PARQUET_TYPES: Readonly<Record<Physical, ParquetType>> = {
  boolean: "BOOLEAN",
  int32: "INT32",
  int64: "INT64",
  double: "DOUBLE",
  fixed: "FIXED_LEN_BYTE_ARRAY",
  bytes: "BYTE_ARRAY",
};

const TEXT = {
  type: "BYTE_ARRAY",
  converted_type: "UTF8",
  logical_type: { type: "STRING" },
} as const;

const KINDS: Readonly<Record<ColumnType, Kind>> = {
  string: {
    physical: "bytes",
    elements: (name, repetition_type) => [{ name, repetition_type, ...TEXT }],
  },
  int32: {
    physical: "int32",
    elements: (name, repetition_type) => [{ name, repetition_type, type: "INT32" }],
  },
  int64: {
    physical: "int64",
    elements: (name, repetition_type) => [{ name, repetition_type, type: "INT64" }],
  },
  uint64: {
    physical: "int64",
    // The newer logical type would make hyparquet-writer 0.17 write a footer that Arrow refuses.
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "INT64",
      converted_type: "UINT_64",
    }],
  },
  double: {
    physical: "double",
    elements: (name, repetition_type) => [{ name, repetition_type, type: "DOUBLE" }],
  },
  decimal: {
    physical: "fixed",
    // Statistics would compare the bytes as unsigned; amounts rarely repeat enough for a dictionary.
    dictionary: false,
    statistics: false,
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
  },
  boolean: {
    physical: "boolean",
    dictionary: false,
    elements: (name, repetition_type) => [{ name, repetition_type, type: "BOOLEAN" }],
  },
  timestamp: {
    physical: "int64",
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "INT64",
      converted_type: "TIMESTAMP_MICROS",
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
    }],
  },
  bytes: {
    physical: "bytes",
    dictionary: false,
    statistics: false,
    elements: (name, repetition_type) => [{ name, repetition_type, type: "BYTE_ARRAY" }],
  },
  strings: {
    physical: "bytes",
    statistics: false,
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
  },
  json: {
    physical: "bytes",
    statistics: false,
    elements: (name, repetition_type) => [{
      name,
      repetition_type,
      type: "BYTE_ARRAY",
      converted_type: "JSON",
      logical_type: { type: "JSON" },
    }],
  },
};
