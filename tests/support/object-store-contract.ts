/** What every object store must do, whatever stands behind it. */

import assert from "node:assert/strict";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { FlowctlError } from "../../src/spec/errors.ts";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isCode(code: string) {
  return (error: unknown) => error instanceof FlowctlError && error.code === code;
}

async function keysOf(objects: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects) keys.push(key);
  return keys;
}

const LARGE_BYTES = 3_000_000;

/** In the order of their bytes: a folder's objects stand between `a-` and `a0`. */
const KEYS = ["a-1", "a/b/c", "a/b/d", "a0", "b c+%é", "z/1"];

/** `store` is empty and is left with objects in it. */
export async function checkObjectStore(store: ObjectStore): Promise<void> {
  assert.deepEqual(await keysOf(store.list("")), []);
  assert.equal(await store.head("a0"), undefined);
  await assert.rejects(store.get("a0"), (error: unknown) => {
    assert.ok(isCode("objects/not-found")(error), String(error));
    assert.ok(String(error).includes(store.urlOf("a0")));
    return true;
  });

  for (const key of [...KEYS].reverse()) await store.put(key, bytesOf(`content of ${key}`));
  for (const key of KEYS) {
    const content = bytesOf(`content of ${key}`);
    assert.deepEqual(new Uint8Array(await store.get(key)), content);
    assert.deepEqual(await store.head(key), { key, size_bytes: content.byteLength });
  }

  const part = await store.get("a0", { range: { start: 3, end: 7 } });
  assert.equal(new TextDecoder().decode(part), "tent");
  const rest = await store.get("a0", { range: { start: 8, end: 1000 } });
  assert.equal(new TextDecoder().decode(rest), "of a0");

  assert.deepEqual(await keysOf(store.list("")), KEYS);
  assert.deepEqual(await keysOf(store.list("a/")), ["a/b/c", "a/b/d"]);
  assert.deepEqual(await keysOf(store.list("a/b/d")), ["a/b/d"]);
  assert.deepEqual(await keysOf(store.list("a/b/", { startAfter: "a/b/c" })), ["a/b/d"]);
  assert.deepEqual(await keysOf(store.list("", { startAfter: "a-1" })), KEYS.slice(1));
  assert.deepEqual(await keysOf(store.list("", { startAfter: "a-2", limit: 2 })), KEYS.slice(1, 3));
  assert.deepEqual(await keysOf(store.list("nothing/")), []);

  const large = new Uint8Array(LARGE_BYTES).map((_, index) => (index * 7919) >> 5);
  await store.put("large", large);
  assert.ok(Buffer.compare(await store.get("large"), large) === 0);
  await store.put("large", new Uint8Array());
  assert.equal((await store.get("large")).byteLength, 0);

  await store.delete("large");
  await store.delete("large");
  assert.equal(await store.head("large"), undefined);

  for (const key of ["", "/a", "a//b", "../a", "a/../b", "a/"]) {
    await assert.rejects(store.get(key), isCode("objects/rejected"), key);
  }
  const stopped = AbortSignal.abort(new Error("stopped by the test"));
  await assert.rejects(store.get("a0", { signal: stopped }), /stopped by the test/);
}
