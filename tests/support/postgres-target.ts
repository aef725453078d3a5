/** Databases of the private cluster as targets of the tests of database sinks. */

import postgres from "postgres";
import type { PostgresServer } from "./postgres.ts";
import type { SqlTarget } from "./sql-sink-contract.ts";

/** A database of its own, with a connection to look into it. */
export function postgresTarget(server: PostgresServer): SqlTarget {
  const url = server.createDatabase();
  const connection_string = `${url}?sslmode=disable`;
  const sql = postgres(url, { max: 1, fetch_types: false, ssl: false, onnotice() {} });
  return {
    config: { connection_string },
    async exec(statements) {
      await sql.unsafe(statements);
    },
    async query(statement) {
      const rows = await sql.unsafe(statement).values();
      return rows.map((row) =>
        Array.from(row, (value: unknown) => value === null ? null : String(value))
      );
    },
    dispose: () => sql.end({ timeout: 1 }),
  };
}
