import type { Sql } from "./sql.ts";
import { ADDED_COLUMNS, LATER_INDEXES, STORE_VERSION, TABLES } from "./tables.ts";

/** Makes what is missing, also in a store of an earlier version. Fails on one of a later version. */
export async function prepareTables(sql: Sql): Promise<void> {
  await sql.query(TABLES[0]!);
  const [found] = await sql.query("SELECT value FROM flowctl_store WHERE key = 'version'");
  const version = found === undefined ? undefined : Number(found["value"]);
  if (version !== undefined && version > STORE_VERSION) {
    throw new Error(
      `the store is of version ${version}, made by a later flowctl; this one knows ${STORE_VERSION}`,
    );
  }
  for (const statement of TABLES) await sql.query(statement);
  for (const { table, column, type } of ADDED_COLUMNS) {
    if (await hasColumn(sql, table, column)) continue;
    // Of two servers that open one store at once, one adds it.
    const once = sql.dialect === "postgres" ? "IF NOT EXISTS " : "";
    await sql.query(`ALTER TABLE ${table} ADD COLUMN ${once}${column} ${type}`);
  }
  for (const statement of LATER_INDEXES) await sql.query(statement);
  if (version === STORE_VERSION) return;
  await sql.query(
    `INSERT INTO flowctl_store (key, value) VALUES ('version', $1)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [String(STORE_VERSION)],
  );
}

async function hasColumn(sql: Sql, table: string, column: string): Promise<boolean> {
  const rows = await sql.query(
    sql.dialect === "postgres"
      ? `SELECT 1 FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2`
      : "SELECT 1 FROM pragma_table_info($1) WHERE name = $2",
    [table, column],
  );
  return rows.length > 0;
}
