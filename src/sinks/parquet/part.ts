/** The files that one source's ledgers go into until the next cut, one per table. */

import type { EventType } from "../../events/event-type.ts";
import type { Batch } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { rowError } from "../../events/row-error.ts";
import type { Compression } from "./compression.ts";
import { createConverter, openTableFile } from "./table-file.ts";
import type { Addition, TableFile } from "./table-file.ts";

export interface Part {
  readonly source: string;
  readonly window: string;
  readonly partition: string;
  /** First and last ledger taken, whether they had rows or not. */
  readonly first: number;
  readonly last: number;
  /** Tables that have rows. */
  readonly tables: readonly TableFile[];
  readonly mostRows: number;
  readonly encoded_bytes: number;
  /** Takes all rows of the batch, or throws and takes none. */
  take(batch: Batch): void;
}

/**
 * Converters are kept over all parts: they are made once for each event type. By name, because a
 * type without a schema of ours is made anew for each ledger.
 */
export type Converters = Map<string, ReturnType<typeof createConverter>>;

export function openPart(
  batch: Batch,
  window: string,
  partition: string,
  compression: Compression,
  converters: Converters,
): Part {
  const tables = new Map<string, TableFile>();
  let last = batch.sequence;

  const convert = (taken: Batch): [EventType, Addition][] =>
    taken.groups.filter((group) => group.rows.length > 0).map(({ type, rows }) => {
      const converter = converters.get(type.name) ?? createConverter(type);
      converters.set(type.name, converter);
      return [type, converter(rows, (error, row) => rowError(error, type, row))];
    });

  return {
    source: batch.source,
    window,
    partition,
    first: batch.sequence,
    get last() {
      return last;
    },
    get tables() {
      return [...tables.values()];
    },
    get mostRows() {
      let most = 0;
      for (const table of tables.values()) most = Math.max(most, table.rows);
      return most;
    },
    get encoded_bytes() {
      let sum_bytes = 0;
      for (const table of tables.values()) sum_bytes += table.encoded_bytes;
      return sum_bytes;
    },
    take(taken) {
      const additions = convert(taken);
      for (const [type] of additions) mustShareName(tables.get(type.table)?.type ?? type, type);
      for (const [type, addition] of additions) {
        const table = tables.get(type.table) ?? openTableFile(type, compression);
        tables.set(type.table, table);
        table.take(addition);
      }
      last = taken.sequence;
    },
  };
}

/** Two event types of one table would have files of one name. */
function mustShareName(one: EventType, other: EventType): void {
  if (one.name === other.name) return;
  throw new FlowctlError(
    "sink/schema-mismatch",
    `event types ${one.name} and ${other.name} both have the table name ${one.table}`,
    { hint: "Give them a Parquet sink each, with a path of its own." },
  );
}
