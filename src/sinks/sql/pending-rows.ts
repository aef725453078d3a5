import type { EventType } from "../../events/event-type.ts";
import type { Batch } from "../../flow/batch.ts";
import type { Positions } from "../../flow/component.ts";
import type { EncodedRow, OnConflict, RowEncoder } from "./store.ts";

export interface PendingTable<R> {
  readonly table: string;
  readonly type: EventType;
  readonly rows: readonly R[];
}

interface OpenTable<R> extends PendingTable<R> {
  readonly rows: R[];
  /** Where the row of an event id is, for a database that takes each id once. */
  readonly places: Map<string, number> | undefined;
  readonly encode: RowEncoder<R>;
}

/** Batches that were taken and are not in the database yet. */
export interface PendingRows<R> {
  /** Takes all of a batch, or throws and takes nothing of it. */
  add(batch: Batch): void;
  /** Forgets everything: it is in the database. */
  clear(): void;
  tables(): readonly PendingTable<R>[];
  /** Where each source will stand; empty: nothing is pending. */
  readonly positions: Positions;
  readonly bytes: number;
  readonly rows: number;
  /** Lowest and highest sequence that was taken; undefined: nothing is pending. */
  readonly ledgers: readonly [first: number, last: number] | undefined;
}

export interface PendingRowsOptions<R> {
  readonly tableOf: (type: EventType) => string;
  readonly encoder: (type: EventType) => RowEncoder<R>;
  readonly onConflict: OnConflict;
  readonly idsOnce: boolean;
}

export function createPendingRows<R>(options: PendingRowsOptions<R>): PendingRows<R> {
  const tables = new Map<EventType, OpenTable<R>>();
  const positions = new Map<string, number>();
  let bytes = 0;
  let rows = 0;
  let ledgers: readonly [number, number] | undefined;

  function open(type: EventType): OpenTable<R> {
    let table = tables.get(type);
    if (!table) {
      table = {
        table: options.tableOf(type),
        type,
        rows: [],
        places: options.idsOnce ? new Map() : undefined,
        encode: options.encoder(type),
      };
      tables.set(type, table);
    }
    return table;
  }

  /** With each id once: as written one by one, the last row of an id stays, or the first. */
  function put(table: OpenTable<R>, id: string, row: EncodedRow<R>): void {
    bytes += row.bytes;
    rows += 1;
    const place = table.places?.get(id);
    if (place === undefined) {
      table.places?.set(id, table.rows.length);
      table.rows.push(row.values);
    } else if (options.onConflict === "update") {
      table.rows[place] = row.values;
    }
  }

  return {
    add(batch) {
      const encoded = batch.groups.map((group) => {
        const table = open(group.type);
        return { table, group, rows: group.rows.map(table.encode) };
      });
      for (const { table, group, rows } of encoded) {
        rows.forEach((row, i) => put(table, String(group.rows[i]?.[group.type.id]), row));
      }
      positions.set(batch.source, batch.sequence);
      const { sequence } = batch;
      const [first, last] = ledgers ?? [sequence, sequence];
      ledgers = [Math.min(first, sequence), Math.max(last, sequence)];
    },
    clear() {
      tables.clear();
      positions.clear();
      bytes = 0;
      rows = 0;
      ledgers = undefined;
    },
    tables: () => [...tables.values()].filter((table) => table.rows.length > 0),
    positions,
    get bytes() {
      return bytes;
    },
    get rows() {
      return rows;
    },
    get ledgers() {
      return ledgers;
    },
  };
}
