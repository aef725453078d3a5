import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import { FlowctlError } from "../spec/errors.ts";
import { openLocalStore } from "./local-store.ts";

async function keysOf(objects: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects) keys.push(key);
  return keys;
}

test("writing leaves nothing but the object", async () => {
  using folder = temporaryFolder();
  const store = openLocalStore(folder.path);
  await store.put("a/b", new Uint8Array([1]));
  await store.put("a/b", new Uint8Array([2, 3]));
  assert.deepEqual(readdirSync(join(folder.path, "a")), ["b"]);
  assert.deepEqual(await store.get("a/b"), new Uint8Array([2, 3]));
});

test("what a crash left of an unfinished write is no object", async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, ".flowctl-x-1234.partial"), "half");
  writeFileSync(join(folder.path, ".config.json"), "{}");
  assert.deepEqual(await keysOf(openLocalStore(folder.path).list("")), [".config.json"]);
});

test("deleting an object also deletes what a crash left of writing it, and nothing else", async () => {
  using folder = temporaryFolder();
  const id = "a281b6a8-b18c-4727-93b4-e578698a839c";
  for (const name of [`.flowctl-x-${id}.partial`, `.flowctl-x-y-${id}.partial`, "x", "x-y"]) {
    writeFileSync(join(folder.path, name), "half");
  }
  await openLocalStore(folder.path).delete("x");
  assert.deepEqual(readdirSync(folder.path).sort(), [`.flowctl-x-y-${id}.partial`, "x-y"]);
});

test("a failed write leaves the old object and no rest", async () => {
  using folder = temporaryFolder();
  const store = openLocalStore(folder.path);
  mkdirSync(join(folder.path, "taken", "inside"), { recursive: true });
  await assert.rejects(store.put("taken", new Uint8Array([1])), FlowctlError);
  assert.deepEqual(readdirSync(folder.path), ["taken"]);
});

test("a folder is no object, and an object is no folder", async () => {
  using folder = temporaryFolder();
  const store = openLocalStore(folder.path);
  await store.put("a/b", new Uint8Array([1]));
  assert.equal(await store.head("a"), undefined);
  assert.equal(await store.head("a/b/c"), undefined);
  await assert.rejects(store.get("a"), /not there/);
  await assert.rejects(store.get("a/b/c"), /not there/);
});

test("a root that is not there is told from a missing object", async () => {
  using folder = temporaryFolder();
  const store = openLocalStore(join(folder.path, "nowhere"));
  await assert.rejects(store.get("a"), /there is no folder .*nowhere/);
  await assert.rejects(keysOf(store.list("")), /there is no folder .*nowhere/);
  await store.put("a", new Uint8Array([1]));
  assert.deepEqual(await keysOf(store.list("")), ["a"]);
});
