import type { EventType } from "../../events/event-type.ts";
import type { Batch } from "../../flow/batch.ts";
import type { Positions } from "../../flow/component.ts";
import type { EncodedRow, OnConflict, RowEncoder } from "./store.ts";

export interface PendingTable<R> {
  readonly table: string;
  readonly type: EventType;
  /** By event id: one statement must not touch a row twice. */
  readonly rows: ReadonlyMap<string, R>;
}

interface OpenTable<R> extends PendingTable<R> {
  readonly rows: Map<string, R>;
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
        rows: new Map(),
        encode: options.encoder(type),
      };
      tables.set(type, table);
    }
    return table;
  }

  /** Rows as they would end up when written one by one: the last, or the first, of an id stays. */
  function put(table: OpenTable<R>, id: string, row: EncodedRow<R>): void {
    if (options.onConflict === "ignore" && table.rows.has(id)) return;
    table.rows.set(id, row.values);
    bytes += row.bytes;
    rows += 1;
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
    tables: () => [...tables.values()].filter((table) => table.rows.size > 0),
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
