/** The file of one table that is being filled: rows by column, encoded one row group at a time. */

import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { EventType } from "../../events/event-type.ts";
import type { Row, Value } from "../../flow/batch.ts";
import type { Compression } from "./compression.ts";
import { rootElement, storedColumn } from "./columns.ts";
import type { Stored } from "./columns.ts";

/** A row group ends with the ledger that reaches one of these, so it depends on the data alone. */
export const ROW_GROUP_ROWS = 32_768;
export const ROW_GROUP_BYTES = 16 * 1024 * 1024;

/** What a ledger adds to a table, checked and converted, but not yet taken. */
export interface Addition {
  readonly rows: number;
  readonly columns: readonly (readonly Stored[])[];
  readonly size_bytes: number;
}

export interface TableFile {
  readonly type: EventType;
  /** Rows taken, encoded or not. */
  readonly rows: number;
  /** Bytes encoded so far. */
  readonly encoded_bytes: number;
  take(addition: Addition): void;
  /** The whole file. Nothing may be added after it; asking again gives the same bytes. */
  finish(): Uint8Array;
}

/**
 * Rows as the columns of a file. `onError` makes the error of a row that cannot be stored.
 */
export function createConverter(
  type: EventType,
): (rows: readonly Row[], onError: (error: unknown, row: Row) => unknown) => Addition {
  const columns = type.columns.map(storedColumn);
  return (rows, onError) => {
    let size_bytes = 0;
    const stored = columns.map(({ column, store }) => {
      const values = new Array<Stored>(rows.length);
      let last: Value | undefined;
      let lastStored: Stored = null;
      // By index: an iterator would be made for each column of each ledger.
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index] as Row;
        const value = row[column.name];
        if (index === 0 || !Object.is(value, last)) {
          try {
            lastStored = store(value);
          } catch (error) {
            throw onError(error, row);
          }
          last = value;
        }
        values[index] = lastStored;
        size_bytes += sizeOf(lastStored);
      }
      return values;
    });
    return { rows: rows.length, columns: stored, size_bytes };
  };
}

const NUMBER_BYTES = 8;

function sizeOf(value: Stored): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (value === null || typeof value !== "object") return NUMBER_BYTES;
  let size_bytes = 0;
  for (const item of value) size_bytes += item.length;
  return size_bytes;
}

export function openTableFile(type: EventType, compression: Compression): TableFile {
  const columns = type.columns.map(storedColumn);
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [rootElement(type), ...columns.flatMap((column) => column.written)],
    codec: compression.codec,
    compressors: compression.compressors,
    createdBy: "flowctl",
    kvMetadata: [{ key: "flowctl.event_type", value: type.name }],
  });
  let group: Stored[][] = columns.map(() => []);
  let group_bytes = 0;
  let rows = 0;
  let finished: Uint8Array | undefined;

  const endGroup = () => {
    const groupRows = group[0]?.length ?? 0;
    if (groupRows === 0) return;
    const columnData = columns.map(({ column, statistics, encoding }, index) => ({
      name: column.name,
      data: group[index] ?? [],
      statistics,
      ...(encoding === undefined ? {} : { encoding }),
    }));
    parquet.write({ columnData, rowGroupSize: groupRows });
    group = columns.map(() => []);
    group_bytes = 0;
  };

  return {
    type,
    get rows() {
      return rows;
    },
    get encoded_bytes() {
      return writer.offset;
    },
    take(addition) {
      for (const [index, values] of addition.columns.entries()) {
        const column = group[index] ?? [];
        for (const value of values) column.push(value);
      }
      rows += addition.rows;
      group_bytes += addition.size_bytes;
      const groupRows = group[0]?.length ?? 0;
      if (groupRows >= ROW_GROUP_ROWS || group_bytes >= ROW_GROUP_BYTES) endGroup();
    },
    finish() {
      if (finished === undefined) {
        endGroup();
        parquet.schema = [rootElement(type), ...columns.flatMap((column) => column.elements)];
        parquet.finish();
        finished = writer.getBytes();
      }
      return finished;
    },
  };
}
