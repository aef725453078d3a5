/**
 * The little of SQL that the store needs, the same over SQLite and Postgres: numbered parameters
 * ($1, $2 …), text, integers and null.
 */

export type SqlValue = null | number | string;
export type SqlRow = Readonly<Record<string, unknown>>;

export interface Sql {
  readonly dialect: "sqlite" | "postgres";
  query(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** All of `body` or nothing. */
  transaction<T>(body: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
