import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inTemporaryFolder } from "../../../tests/support/sink-context.ts";
import { checkPath } from "./check-path.ts";

test("what is there or can be made is fine, and nothing is made", async () => {
  await inTemporaryFolder((folder) => {
    const file = join(folder, "rows.jsonl");
    assert.equal(checkPath(file, "file").status, "ok");
    assert.equal(checkPath(join(folder, "a", "b", "{table}.jsonl"), "file").detail, "can be made");
    assert.equal(checkPath(join(folder, "{table}.jsonl"), "file").detail, "can be written to");
    assert.ok(!existsSync(file) && !existsSync(join(folder, "a")));
    writeFileSync(file, "");
    assert.equal(checkPath(file, "file").detail, "can be written to");
    assert.equal(checkPath(folder, "folder").detail, "can be written to");
  });
});

test("a file where a folder should be is named", async () => {
  await inTemporaryFolder((folder) => {
    const file = join(folder, "rows.jsonl");
    writeFileSync(file, "");
    for (const path of [join(file, "more.jsonl"), join(file, "{table}.csv")]) {
      const result = checkPath(path, "file");
      assert.equal(result.status, "failed");
      assert.ok(result.detail.includes(file));
    }
    assert.equal(checkPath(file, "folder").status, "failed");
  });
});
