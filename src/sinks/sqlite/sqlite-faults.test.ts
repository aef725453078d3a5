import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inTemporaryFolder, testContext } from "../../../tests/support/sink-context.ts";
import { createSink, failsWith, transferBatch } from "../../../tests/support/sql-sink-contract.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { openSqlite } from "../../runtime/sqlite.ts";
import { sqlite } from "./sqlite.ts";

function createAt(path: string, config: Record<string, unknown> = {}) {
  return createSink({ definition: sqlite }, { config: { path } }, { config });
}

async function checkAt(path: string) {
  const [result] = await sqlite.check?.(testContext(sqlite, { path })) ?? [];
  return result;
}

function countAt(path: string): unknown {
  const database = openSqlite(path);
  try {
    return database.prepare("SELECT count(*) AS n FROM transfers").get()?.["n"];
  } finally {
    database.close();
  }
}

/** A small file system of its own, where this process may mount one. */
function mountSmall(folder: string, size: string): boolean {
  mkdirSync(folder);
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  return spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder]).status === 0;
}

function canMount(): string | false {
  let able = false;
  const folder = join(process.env["TMPDIR"] ?? "/tmp", `flowctl-mount-${process.pid}`);
  if (!existsSync(folder)) {
    able = mountSmall(folder, "64k");
    if (able) spawnSync("umount", [folder]);
    spawnSync("rmdir", [folder]);
  }
  return able ? false : "a file system cannot be mounted by this user";
}

const noMount = canMount();

async function onSmallDisk(body: (folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (parent) => {
    const folder = join(parent, "small");
    assert.ok(mountSmall(folder, "1m"));
    try {
      await body(folder);
    } finally {
      spawnSync("umount", [folder]);
    }
  });
}

if (noMount) {
  test(`sqlite: a full disk (skipped: ${noMount})`, { skip: true }, () => {});
  test(`sqlite: a read-only disk (skipped: ${noMount})`, { skip: true }, () => {});
} else {
  test("sqlite: a full disk is an error, and with space the same run goes on", () =>
    onSmallDisk(async (folder) => {
      const path = join(folder, "flow.db");
      const sink = await createAt(path);
      await sink.open();
      await sink.write(transferBatch(1, 200));
      await sink.commit("interval");
      writeFileSync(join(folder, "ballast"), new Uint8Array(700 * 1024));
      await sink.write(transferBatch(2, 4000));
      const full = failsWith("sink/disk-full", /no space left on the disk of .*flow\.db/, /Free/);
      await assert.rejects(() => sink.commit("interval"), full);
      assert.equal(countAt(path), 200);
      writeFileSync(join(folder, "ballast"), "");
      assert.deepEqual(await sink.commit("final"), new Map([["lake", 2]]));
      await sink.close();
      assert.equal(countAt(path), 4200);
    }));

  test("sqlite: a read-only disk is an error that says what to choose", () =>
    onSmallDisk(async (folder) => {
      const path = join(folder, "flow.db");
      const sink = await createAt(path);
      await sink.open();
      await sink.close();
      assert.equal(spawnSync("mount", ["-o", "remount,ro", folder]).status, 0);
      const readOnly = failsWith("sink/rejected", /cannot open .* for writing/, /path/);
      await assert.rejects(async () => await (await createAt(path)).open(), readOnly);
      const absent = join(folder, "sub", "other.db");
      await assert.rejects(async () => await (await createAt(absent)).open(), readOnly);
      assert.equal((await checkAt(path))?.status, "failed");
      assert.equal((await checkAt(absent))?.status, "failed");
    }));
}

test("sqlite: another program's lock is waited for, up to busy_timeout", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "flow.db");
    const sink = await createAt(path, { busy_timeout: "150ms" });
    await sink.open();
    await sink.write(transferBatch(1, 3));
    const other = openSqlite(path);
    other.exec("BEGIN IMMEDIATE");
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    await assert.rejects(() => sink.commit("interval"), (error: unknown) => {
      assert.ok(error instanceof FlowctlError && error.retryable);
      return failsWith("sink/unreachable", /locked by another process/, /busy_timeout/)(error);
    });
    assert.ok(turns > 3, "the thread was blocked");
    setTimeout(() => other.exec("ROLLBACK"), 60);
    await sink.commit("final");
    clearInterval(timer);
    await sink.close();
    other.close();
    assert.equal(countAt(path), 3);
  }));

test("sqlite: a file of another kind is not touched", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "notes.txt");
    writeFileSync(path, "these are notes, and long enough to be taken for a header of a file");
    const foreign = failsWith("sink/rejected", /not an SQLite database/, /not overwrite/);
    await assert.rejects(async () => await (await createAt(path)).open(), foreign);
    assert.equal((await checkAt(path))?.status, "failed");
    const folderAsFile = failsWith("sink/rejected", /./, /path/);
    await assert.rejects(async () => await (await createAt(folder)).open(), folderAsFile);
  }));

test("sqlite: a row that a constraint refuses is an error with its table and ledgers", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "flow.db");
    const database = openSqlite(path);
    database.exec(`CREATE TABLE transfers (event_id TEXT PRIMARY KEY, ledger_sequence INTEGER,
      amount TEXT CHECK (amount <> '3.2'), memo TEXT)`);
    database.close();
    const sink = await createAt(path);
    await sink.open();
    await sink.write(transferBatch(2, 3));
    await sink.commit("interval");
    await sink.write(transferBatch(3, 3));
    await assert.rejects(
      () => sink.commit("interval"),
      failsWith("sink/rejected", /table transfers; ledger 3\): CHECK constraint failed/),
    );
    await sink.close();
    assert.equal(countAt(path), 3);
  }));

test("sqlite: doctor creates nothing", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "sub", "flow.db");
    assert.deepEqual(await checkAt(path), {
      target: path,
      status: "ok",
      detail: "will be created",
    });
    assert.ok(!existsSync(join(folder, "sub")));
    const sink = await createAt(path);
    await sink.open();
    await sink.close();
    assert.match((await checkAt(path))?.detail ?? "", /^SQLite 3\./);
  }));

test("sqlite: the file can be read while a run writes it", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "flow.db");
    const sink = await createAt(path);
    await sink.open();
    await sink.write(transferBatch(1, 5));
    await sink.commit("interval");
    const reader = openSqlite(path);
    const count = reader.prepare("SELECT count(*) AS n FROM transfers");
    await sink.write(transferBatch(2, 30_000));
    const commit = sink.commit("final");
    const seen = new Set<unknown>();
    let over = false;
    const done = commit.then(() => {
      over = true;
    });
    while (!over) {
      seen.add(count.get()?.["n"]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    assert.deepEqual([...seen].filter((n) => n !== 5 && n !== 30_005), []);
    assert.ok(seen.has(5));
    assert.equal(count.get()?.["n"], 30_005);
    reader.close();
    await sink.close();
  }));
