import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inTemporaryFolder } from "../../../tests/support/sink-context.ts";
import { sqlSinkContract } from "../../../tests/support/sql-sink-contract.ts";
import type { SqlHarness, SqlTarget } from "../../../tests/support/sql-sink-contract.ts";
import { assertSurvivesKills } from "../../../tests/support/sql-sink-kills.ts";
import { openSqlite } from "../../runtime/sqlite.ts";
import { sqlite } from "./sqlite.ts";

export function sqliteTarget(): SqlTarget {
  const folder = mkdtempSync(join(tmpdir(), "flowctl-sqlite-"));
  const path = join(folder, "flow.db");
  return {
    config: { path },
    async exec(statements) {
      const database = openSqlite(path);
      database.exec(statements);
      database.close();
    },
    async query(statement) {
      const database = openSqlite(path, { bigints: true });
      try {
        return database.prepare(statement).all().map((row) =>
          Object.values(row).map((value) => value === null ? null : String(value))
        );
      } finally {
        database.close();
      }
    },
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

const harness: SqlHarness = {
  name: "sqlite",
  definition: sqlite,
  target: async () => sqliteTarget(),
  runs: 20,
};

sqlSinkContract(harness);

test("sqlite: a writer killed a dozen times leaves what an undisturbed one leaves", async () => {
  const target = sqliteTarget();
  const module = new URL("./sqlite.ts", import.meta.url).href;
  try {
    await inTemporaryFolder((folder) => assertSurvivesKills(target, folder, module, "sqlite"));
  } finally {
    await target.dispose();
  }
});
