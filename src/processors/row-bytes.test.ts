import assert from "node:assert/strict";
import { test } from "node:test";
import { transferType } from "../../tests/support/sink-context.ts";
import type { Json, Row } from "../flow/batch.ts";
import { groupsBytes } from "./row-bytes.ts";

const type = transferType();

function bytesOf(rows: readonly Row[]): number {
  return groupsBytes([{ type, rows }]);
}

test("long texts, bytes and JSON count by what they hold", () => {
  const small = bytesOf([{ a: "x" }]);
  assert.equal(bytesOf([{ a: "x".repeat(10_001) }]) - small, 10_000);
  assert.equal(bytesOf([{ a: new Uint8Array(10_001) }]) - small, 10_000);
  assert.ok(bytesOf([{ a: { map: Array.from({ length: 1000 }, () => "ab") } }]) > 2_000);
});

test("many rows are estimated from a few, and none are nothing", () => {
  const rows = Array.from({ length: 10_000 }, () => ({ a: "x".repeat(100) }));
  assert.equal(bytesOf(rows), 10_000 * bytesOf(rows.slice(0, 1)));
  assert.equal(groupsBytes([]), 0);
  assert.equal(bytesOf([]), 0);
});

test("JSON of any depth is counted without running out of stack", () => {
  let deep: Json = null;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.ok(bytesOf([{ a: deep }]) < 10_000);
});
