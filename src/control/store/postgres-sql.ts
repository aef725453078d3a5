import postgres from "postgres";
import type { Sql, SqlRow, SqlValue } from "./sql.ts";

/** At most this many connections a server; every statement is short. */
const POOL_SIZE = 8;
const CONNECT_TIMEOUT_S = 10;
const IDLE_TIMEOUT_S = 60;

export function openPostgresSql(url: string): Sql {
  const pool = postgres(url, {
    max: POOL_SIZE,
    connect_timeout: CONNECT_TIMEOUT_S,
    idle_timeout: IDLE_TIMEOUT_S,
    connection: { application_name: "flowctl-server" },
    onnotice: () => {},
    // All whole numbers of the store are Unix ms or counts, below 2^53.
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  });
  const wrap = (client: postgres.Sql | postgres.TransactionSql): Sql => ({
    dialect: "postgres",
    query: async (sql, values: readonly SqlValue[] = []) =>
      await client.unsafe(sql, [...values]) as readonly SqlRow[],
    transaction: async <T>(body: (sql: Sql) => Promise<T>): Promise<T> => {
      if (!("begin" in client)) return await body(wrap(client));
      return await client.begin((inner) => body(wrap(inner))) as T;
    },
    close: () => pool.end({ timeout: 5 }),
  });
  return wrap(pool as postgres.Sql);
}
