/** The files that one source's ledgers go into until the next cut, one per table. */

import type { EventType } from "../../events/event-type.ts";
import type { BatchKey } from "../../flow/batch.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { typeOf } from "./encode.ts";
import type { EncodedGroup } from "./encode.ts";
import type { TableFile } from "./table-file.ts";

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
  /** Takes all rows of the ledger, or throws and takes none. */
  take(sequence: number, encoded: readonly EncodedGroup[]): void;
  /** Throws when what it could not hold in memory could not be written either. */
  flush(): void;
  /** Drops what is on disk of it. */
  discard(): void;
}

export interface PartOptions {
  readonly window: string;
  readonly partition: string;
  /** What waits for row groups' ends, over all tables; the largest is encoded when it is more. */
  readonly buffer_bytes: number;
  openTable(type: EventType): TableFile;
}

export function openPart(batch: BatchKey, options: PartOptions): Part {
  const { window, partition, buffer_bytes, openTable } = options;
  const tables = new Map<string, TableFile>();
  let last = batch.sequence;

  const sum = (size: (table: TableFile) => number) => {
    let all = 0;
    for (const table of tables.values()) all += size(table);
    return all;
  };

  /** Between two ledgers: then it depends on their rows alone, not on how they came. */
  const endGroups = () => {
    for (const table of tables.values()) if (table.groupIsFull) table.endGroup();
    while (sum((table) => table.waiting_bytes) > buffer_bytes) {
      const [first, ...others] = tables.values();
      if (first === undefined) return;
      others.reduce((most, table) => table.waiting_bytes > most.waiting_bytes ? table : most, first)
        .endGroup();
    }
  };

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
      return sum((table) => table.encoded_bytes);
    },
    take(sequence, encoded) {
      const types = encoded.map(typeOf);
      const owners = new Map([...tables.values()].map(({ type }) => [type.table, type]));
      for (const type of types) {
        mustShareName(owners.get(type.table) ?? type, type);
        owners.set(type.table, type);
      }
      if (sequence !== last) endGroups();
      for (const [index, { rows, segment }] of encoded.entries()) {
        const type = types[index];
        if (type === undefined) continue;
        const table = tables.get(type.table) ?? openTable(type);
        tables.set(type.table, table);
        table.take(rows, segment);
      }
      last = sequence;
    },
    flush() {
      for (const table of tables.values()) table.flush();
    },
    discard() {
      for (const table of tables.values()) table.discard();
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
