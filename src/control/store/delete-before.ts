import type { Sql } from "./sql.ts";

/** Rows that go at once: between two of these the server answers. */
const SLICE_ROWS = 1_000;

/** Removes the rows whose column is below the time; those where it is null stay. Returns how many. */
export async function deleteBefore(
  sql: Sql,
  table: string,
  column: string,
  timeMs: number,
): Promise<number> {
  const row = sql.dialect === "postgres" ? "ctid" : "rowid";
  let removed = 0;
  while (true) {
    const rows = await sql.query(
      `DELETE FROM ${table} WHERE ${row} IN
         (SELECT ${row} FROM ${table} WHERE ${column} < $1 LIMIT ${SLICE_ROWS})
       RETURNING 1 AS gone`,
      [timeMs],
    );
    removed += rows.length;
    if (rows.length < SLICE_ROWS) return removed;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
