import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inTemporaryFolder } from "../../../tests/support/sink-context.ts";
import { openSqliteFile } from "./sqlite-file.ts";
import type { SqliteFile } from "./sqlite-file.ts";
import { LOG_IDLE_ms, LOG_LIMIT_bytes, LOG_WORTH_bytes } from "./sqlite-log.ts";

const ROW_bytes = 4_096;

function withFile(use: (file: SqliteFile, size_bytes: () => number) => Promise<void>) {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, "flow.db");
    const { signal } = new AbortController();
    const file = await openSqliteFile(path, { busy_timeout_ms: 1_000, signal });
    try {
      file.database.exec("CREATE TABLE filler (row BLOB) STRICT");
      await use(file, () => statSync(path).size);
    } finally {
      file.close();
    }
  });
}

function fill({ database, transaction }: SqliteFile, bytes: number): Promise<void> {
  const rows = bytes / ROW_bytes;
  return transaction(async () => {
    database.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
       INSERT INTO filler SELECT zeroblob(${ROW_bytes}) FROM n`,
    );
  });
}

test("a commit does not wait for the log to be copied, which follows when none comes", () =>
  withFile(async (file, size_bytes) => {
    await fill(file, LOG_WORTH_bytes);
    assert.ok(size_bytes() < LOG_WORTH_bytes, "the commit has copied the log");
    while (size_bytes() < LOG_WORTH_bytes) await sleep(LOG_IDLE_ms);
  }));

test("a log is not copied before it is worth it", () =>
  withFile(async (file, size_bytes) => {
    const half_bytes = LOG_WORTH_bytes / 2;
    await fill(file, half_bytes);
    await sleep(4 * LOG_IDLE_ms);
    assert.ok(size_bytes() < half_bytes);
    await fill(file, half_bytes);
    while (size_bytes() < LOG_WORTH_bytes) await sleep(LOG_IDLE_ms);
  }));

test("a commit copies a log that has become long", () =>
  withFile(async (file, size_bytes) => {
    await fill(file, LOG_LIMIT_bytes + ROW_bytes);
    assert.ok(size_bytes() > LOG_LIMIT_bytes);
  }));
