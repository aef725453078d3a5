/**
 * What the exactly-once logic of the database sinks needs of a database. SQLite and PostgreSQL
 * each implement it; `sql-sink.ts` is the only user.
 */

import type { Column, EventType } from "../../events/event-type.ts";
import type { Row } from "../../flow/batch.ts";
import type { Positions } from "../../flow/component.ts";
import type { FlowctlError } from "../../spec/errors.ts";

/** What to do with a row whose event id is in the table already. */
export type OnConflict = "update" | "ignore";

/** A row in the form in which the database takes it. */
export interface EncodedRow<R> {
  readonly values: R;
  /** Rough size in memory. */
  readonly bytes: number;
}

/** Throws `sink/value-out-of-range` for a value that its column cannot hold. */
export type RowEncoder<R> = (row: Row) => EncodedRow<R>;

/** A table that this sink writes to, as recorded in the database. */
export interface Output {
  readonly eventType: string;
  readonly table: string;
  /** After a reset: rows from the new start on are still to be deleted. */
  readonly stale: boolean;
}

export interface ExistingColumn {
  readonly name: string;
  /** An insert that leaves this column out fails: NOT NULL, and nothing that fills it. */
  readonly required: boolean;
}

export interface Checkpoint {
  /** Last committed sequence per source. */
  readonly positions: Positions;
  /** Of the latest assignment that wrote here; 0 outside a fleet. */
  readonly epoch: number;
}

/** Rows from one ledger on; without a column: all of them. */
export interface LedgerCut {
  readonly column: string | undefined;
  readonly from: number;
}

/** One open transaction. */
export interface SqlSession<R> {
  /** What is committed of this sink. */
  checkpoint(): Promise<Checkpoint>;
  /** `known`: the sources among them that have a row already. */
  savePositions(
    positions: Positions,
    known: ReadonlySet<string>,
    epoch: number,
  ): Promise<void>;
  /** From now on only this epoch may write, or a later one; without positions it does nothing. */
  saveEpoch(epoch: number): Promise<void>;
  deletePositions(): Promise<void>;
  outputs(): Promise<readonly Output[]>;
  saveOutput(output: Output): Promise<void>;
  deleteOutput(eventType: string): Promise<void>;
  /** True when another sink or pipeline has recorded this table as its output. */
  sharesTable(table: string): Promise<boolean>;
  /** Undefined: there is no such table. */
  columnsOf(table: string): Promise<readonly ExistingColumn[] | undefined>;
  createTable(table: string, type: EventType): Promise<void>;
  addColumns(table: string, columns: readonly Column[]): Promise<void>;
  deleteRows(table: string, cut: LedgerCut): Promise<void>;
  insert(
    table: string,
    type: EventType,
    rows: Iterable<R>,
    onConflict: OnConflict,
  ): Promise<void>;
}

/** What was being written when an error came, for its message. */
export interface WriteScope {
  readonly tables: readonly string[];
  /** First and last ledger of the transaction. */
  readonly ledgers: readonly [first: number, last: number] | undefined;
}

export interface SqlStore<R> {
  /** Connects, and creates the checkpoint tables when they are missing. */
  open(): Promise<void>;
  encoder(type: EventType): RowEncoder<R>;
  /** An insert must not have two rows with the same event id. */
  readonly idsOnce: boolean;
  /** Throws when this database cannot have a table of that name. */
  checkTableName(table: string): void;
  /** The statement that adds a column, for the hint of a schema mismatch. */
  addColumnStatement(table: string, column: Column): string;
  /** Everything that `body` did takes effect, or nothing. */
  transaction<T>(body: (session: SqlSession<R>) => Promise<T>): Promise<T>;
  /** What an error of this database means to the user. */
  explain(error: unknown, scope: WriteScope): FlowctlError;
  close(): Promise<void>;
}

/** Whose checkpoint it is. */
export interface SinkKey {
  readonly namespace: string;
  readonly pipeline: string;
  readonly sink: string;
}
