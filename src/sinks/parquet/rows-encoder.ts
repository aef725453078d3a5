/** Rows of one event type as a segment: checked, by column, without a JavaScript value in it. */

import type { Column, EventType } from "../../events/event-type.ts";
import { valueError } from "../../events/value-error.ts";
import type { Row, Value } from "../../flow/batch.ts";
import type { Compression } from "./compression.ts";
import { createByteBuffer } from "./pages/byte-buffer.ts";
import { createSealer } from "./pages/seal.ts";
import { storedColumn } from "./schema.ts";
import type { Leaf } from "./schema.ts";
import { appendColumn, finishSegment } from "./segment.ts";
import type { SegmentColumn } from "./segment.ts";
import { createFixedEncoder, FIXED_KINDS } from "./values/fixed.ts";
import { createJsonEncoder } from "./values/json.ts";
import type { PresentValues } from "./values/present-values.ts";
import { createBytesEncoder, createTextEncoder } from "./values/texts.ts";

type Present = NonNullable<Value>;

/** Makes the error of a row that cannot be stored. */
export type OnRowError = (error: unknown, row: Row) => unknown;

export interface RowsEncoder {
  /**
   * Throws what `onError` makes of a `sink/value-out-of-range`; never stores another value than
   * the given one.
   */
  encode(type: EventType, rows: readonly Row[], onError: OnRowError): ArrayBuffer;
}

/** One for each thread: it keeps memory that every call uses again. */
export function createRowsEncoder(compression: Compression): RowsEncoder {
  const segment = createByteBuffer();
  const encodeColumn = createColumnEncoder();
  const seal = createSealer(compression);
  const leaves = new Map<Column, Leaf>();

  const leafOf = (column: Column): Leaf => {
    let leaf = leaves.get(column);
    if (leaf === undefined) leaves.set(column, leaf = storedColumn(column).leaf);
    return leaf;
  };

  return {
    encode(type, rows, onError) {
      segment.length = 0;
      for (const column of type.columns) {
        try {
          appendColumn(segment, seal(leafOf(column), encodeColumn(column, rows)));
        } catch (error) {
          throw errorOfRow(encodeColumn, column, rows, onError) ?? error;
        }
      }
      return finishSegment(segment);
    },
  };
}

type EncodeColumn = (column: Column, rows: readonly Row[]) => SegmentColumn;

/** Finds the row by trying each: what costs nothing while all rows are good. */
function errorOfRow(
  encodeColumn: EncodeColumn,
  column: Column,
  rows: readonly Row[],
  onError: OnRowError,
): unknown {
  for (const row of rows) {
    try {
      encodeColumn(column, [row]);
    } catch (error) {
      return onError(valueError(column, row[column.name] ?? null, error), row);
    }
  }
  return undefined;
}

function createColumnEncoder(): EncodeColumn {
  const encodeFixed = createFixedEncoder();
  const encodeTexts = createTextEncoder();
  const encodeJson = createJsonEncoder();
  const encodeBytes = createBytesEncoder();
  const present: Present[] = [];
  let definition = new Uint8Array(1024);

  /** The values that are there go to `present`; returns whether others are not. */
  const gather = ({ name, nullable }: Column, rows: readonly Row[]): boolean => {
    if (definition.length < rows.length) definition = new Uint8Array(rows.length * 2);
    present.length = 0;
    for (let at = 0; at < rows.length; at++) {
      const value = (rows[at] as Row)[name];
      if (value === null || value === undefined) {
        definition[at] = 0;
      } else {
        definition[at] = 1;
        present.push(value);
      }
    }
    const missing = present.length < rows.length;
    if (missing && !nullable) throw new RangeError("the column is never null");
    return missing;
  };

  const encodePresent = (type: Exclude<Column["type"], "strings">): PresentValues => {
    switch (type) {
      case "string":
        return encodeTexts(present);
      case "json":
        return encodeJson(present);
      case "bytes":
        return encodeBytes(present);
      default:
        return encodeFixed(FIXED_KINDS[type], present);
    }
  };

  return (column, rows) => {
    const missing = gather(column, rows);
    if (column.type === "strings") {
      const { definition, repetition, items } = listLevels(column.nullable, rows, column.name);
      const slots = definition.length;
      return { slots, definition, repetition, ...encodeTexts(items) };
    }
    return {
      slots: rows.length,
      definition: missing ? definition.subarray(0, rows.length) : undefined,
      repetition: undefined,
      ...encodePresent(column.type),
    };
  };
}

/** See Dremel's levels, https://github.com/apache/parquet-format#nested-encoding. */
function listLevels(nullable: boolean, rows: readonly Row[], name: string) {
  const empty = nullable ? 1 : 0;
  const definition: number[] = [];
  const repetition: number[] = [];
  const items: Value[] = [];
  for (const row of rows) {
    const list = row[name];
    if (list !== null && list !== undefined && !Array.isArray(list)) {
      throw new TypeError("not a list");
    }
    const length = list?.length ?? 0;
    if (length === 0) {
      definition.push(list === null || list === undefined ? 0 : empty);
      repetition.push(0);
    }
    for (let at = 0; at < length; at++) {
      items.push(list?.[at] ?? null);
      definition.push(empty + 1);
      repetition.push(at === 0 ? 0 : 1);
    }
  }
  return {
    definition: Uint8Array.from(definition),
    repetition: Uint8Array.from(repetition),
    items,
  };
}
