import assert from "node:assert/strict";
import { test } from "node:test";
import { sinkContext } from "../../../tests/support/sink-context.ts";
import { FlowctlError } from "../../spec/errors.ts";
import { csv } from "../csv.ts";
import { jsonl } from "../jsonl.ts";
import { parquet } from "../parquet/definition.ts";
import { localPath } from "./local-path.ts";

test("paths stay as they are, file URLs become paths", () => {
  for (const path of ["out/{table}.jsonl", "/tmp/a b.csv", "../x", "C:\\out\\x.csv", "a:b"]) {
    assert.equal(localPath(path), path);
  }
  assert.equal(localPath("file:///tmp/{table}.jsonl"), "/tmp/{table}.jsonl");
  assert.equal(localPath("file:///tmp/a%20b.csv"), "/tmp/a b.csv");
});

test("a place that a sink cannot write to is refused before the run, and at validate", async () => {
  const cases = [
    [jsonl, "s3://bucket/rows.jsonl"],
    [csv, "https://example.com/rows.csv"],
    [parquet, "https://example.com/files"],
  ] as const;
  for (const [definition, path] of cases) {
    const refused = (error: unknown) => {
      assert.ok(error instanceof FlowctlError);
      return error.code === "spec/invalid";
    };
    await assert.rejects(
      async () => await definition.create(sinkContext(definition, { path })),
      refused,
    );
    await assert.rejects(async () => await definition.checkConfig?.({ path }, []), refused);
  }
});
